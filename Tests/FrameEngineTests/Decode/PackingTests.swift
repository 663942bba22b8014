import CKernels
import Testing

@Suite struct PackingTests {
    private static let guardByte: UInt8 = 0xa5

    /// The kernel's output for `image`, between guard bytes that must stay as they are.
    private func packed(_ image: TestImage, bytesPerSample: Int, stride extra: Int = 0) -> [UInt8] {
        let size = image.size.width * image.size.height * image.planes.count * bytesPerSample
        let margin = 64
        var target = [UInt8](repeating: Self.guardByte, count: size + 2 * margin)
        let padded = image.planes.map { plane in
            (0..<plane.size.height).flatMap { row in
                plane.samples[row * plane.size.width..<(row + 1) * plane.size.width]
                    + [Int32](repeating: 0x5555_5555, count: extra)
            }
        }
        let storage = padded.map { samples in
            let copy = UnsafeMutablePointer<Int32>.allocate(capacity: samples.count)
            copy.initialize(from: samples, count: samples.count)
            return copy
        }
        defer { for copy in storage { copy.deallocate() } }
        let planes = zip(image.planes, storage).map { plane, samples in
            ck_plane(
                samples: samples, width: plane.size.width, height: plane.size.height,
                stride: plane.size.width + extra, first_x: UInt32(plane.first.x),
                first_y: UInt32(plane.first.y),
                step_x: UInt32(plane.step.x), step_y: UInt32(plane.step.y),
                precision: UInt32(plane.precision),
                is_signed: plane.isSigned ? 1 : 0)
        }
        let status = target.withUnsafeMutableBytes { target in
            ck_pack(
                planes, planes.count, UInt32(image.origin.x), UInt32(image.origin.y), image.size.width,
                image.size.height, bytesPerSample, target.baseAddress.map { $0 + margin }, size)
        }
        #expect(status == CK_OK)
        #expect(target.prefix(margin).allSatisfy { $0 == Self.guardByte })
        #expect(target.suffix(margin).allSatisfy { $0 == Self.guardByte })
        return Array(target[margin..<margin + size])
    }

    @Test(
        "packing equals the definition for every precision, sign and number of components", arguments: 1...4)
    func everyPrecision(components: Int) {
        for precision in 1...32 {
            for isSigned in [false, true] {
                for (width, height) in [(1, 1), (2, 1), (7, 3), (16, 2), (33, 5)] {
                    let plane = TestImage.Plane(precision: precision, isSigned: isSigned)
                    let image = TestImage(
                        width: width, height: height, planes: Array(repeating: plane, count: components),
                        seed: UInt64(precision))
                    let bytes = precision <= 8 ? 1 : precision <= 16 ? 2 : 4
                    for extra in [0, 3] {
                        #expect(
                            packed(image, bytesPerSample: bytes, stride: extra) == image.raster(),
                            "\(precision) bits, signed \(isSigned), \(width)x\(height), \(extra) extra")
                    }
                }
            }
        }
    }

    @Test("subsampled planes are replicated from any origin")
    func replication() {
        for origin in [(0, 0), (1, 2), (5, 3), (254, 255)] {
            for step in [(1, 2), (2, 1), (3, 5), (255, 255)] {
                let full = TestImage.Plane(precision: 8, isSigned: false)
                let half = TestImage.Plane(precision: 8, isSigned: false, step: step)
                for planes in [[full, half, half], [half], [full, half], [half, full, full, half]] {
                    // Wide enough that each component has a sample.
                    let image = TestImage(
                        width: step.0 + 9, height: step.1 + 5, planes: planes, origin: origin)
                    #expect(
                        packed(image, bytesPerSample: 1) == image.raster(), "origin \(origin), steps \(step)")
                }
            }
        }
    }

    @Test("samples beyond the precision are clamped to its range")
    func clamping() {
        let extremes: [Int32] = [.min, -40_000, -129, -128, -1, 0, 1, 127, 128, 255, 256, 70_000, .max]
        for (precision, isSigned) in [
            (8, false), (8, true), (5, true), (12, false), (16, true), (31, false), (32, true),
        ] {
            var image = TestImage(
                width: extremes.count, height: 1,
                planes: [TestImage.Plane(precision: precision, isSigned: isSigned)])
            let count = Int64(1) << Int64(precision)
            let range = isSigned ? -count / 2...count / 2 - 1 : 0...count - 1
            image.planes[0].samples = extremes
            var expected = image
            expected.planes[0].samples = extremes.map {
                Int32(truncatingIfNeeded: min(max(Int64($0), range.lowerBound), range.upperBound))
            }
            let bytes = precision <= 8 ? 1 : precision <= 16 ? 2 : 4
            #expect(
                packed(image, bytesPerSample: bytes) == expected.raster(), "\(precision) bits, \(isSigned)")
        }
    }

    @Test("arguments out of range and short destinations are refused and nothing is written")
    func refusals() {
        var samples = [Int32](repeating: 1, count: 16)
        var target = [UInt8](repeating: Self.guardByte, count: 64)
        samples.withUnsafeMutableBufferPointer { samples in
            let good = ck_plane(
                samples: samples.baseAddress, width: 4, height: 4, stride: 4, first_x: 0, first_y: 0,
                step_x: 1,
                step_y: 1, precision: 8, is_signed: 0)
            var planes = Array(repeating: good, count: 5)
            func pack(_ plane: ck_plane, count: Int = 1, bytes: Int = 1, width: Int = 4, size: Int = 16)
                -> ck_status
            {
                planes[0] = plane
                return ck_pack(planes, count, 0, 0, width, 4, bytes, &target, size)
            }
            func changed(_ change: (inout ck_plane) -> Void) -> ck_plane {
                var plane = good
                change(&plane)
                return plane
            }
            #expect(pack(good, count: 0) == CK_ERR_ARGUMENT)
            #expect(pack(good, count: 5, size: 64) == CK_ERR_ARGUMENT)
            #expect(pack(good, bytes: 3) == CK_ERR_ARGUMENT)
            #expect(pack(good, width: 0) == CK_ERR_ARGUMENT)
            #expect(pack(changed { $0.samples = nil }) == CK_ERR_ARGUMENT)
            #expect(pack(changed { $0.stride = 3 }) == CK_ERR_ARGUMENT)
            #expect(pack(changed { $0.precision = 9 }) == CK_ERR_ARGUMENT)
            #expect(pack(changed { $0.precision = 0 }) == CK_ERR_ARGUMENT)
            #expect(pack(changed { $0.step_x = 0 }) == CK_ERR_ARGUMENT)
            #expect(pack(changed { $0.step_y = 256 }) == CK_ERR_ARGUMENT)
            #expect(pack(good, size: 15) == CK_ERR_LIMIT)
            #expect(pack(good, width: .max, size: 64) == CK_ERR_LIMIT)
        }
        #expect(target.allSatisfy { $0 == Self.guardByte })
    }
}
