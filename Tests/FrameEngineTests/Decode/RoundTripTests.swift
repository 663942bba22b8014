import COpenJPEG
import FrameEngine
import Testing

@Suite struct RoundTripTests {
    struct Shape: Sendable, CustomTestStringConvertible {
        let width: Int
        let height: Int
        var testDescription: String { "\(width)x\(height)" }
    }

    static let shapes: [Shape] = [(1, 1), (1, 37), (37, 1), (2, 3), (17, 31), (64, 64), (129, 65)].map {
        Shape(width: $0.0, height: $0.1)
    }

    private func plane(_ precision: Int, signed: Bool = false, step: (Int, Int) = (1, 1)) -> TestImage.Plane {
        TestImage.Plane(precision: precision, isSigned: signed, step: step)
    }

    @Test(
        "a lossless image comes back exactly, for every shape, sign and number of components",
        arguments: RoundTripTests.shapes)
    func everyShape(shape: Shape) throws {
        for components in 1...4 {
            for precision in [1, 7, 8, 9, 12, 16] {
                for isSigned in [false, true] where precision > 1 || !isSigned {
                    let planes = Array(repeating: plane(precision, signed: isSigned), count: components)
                    let image = TestImage(width: shape.width, height: shape.height, planes: planes)
                    let frame = try OpenJPEGDecoder().decode(TestEncoder().encode(image))
                    #expect(
                        frame.layout
                            == PixelLayout(
                                width: shape.width, height: shape.height, components: components,
                                bitsPerSample: precision, isSigned: isSigned))
                    #expect(
                        frame.array == image.raster(),
                        "\(components) components of \(precision) bits, \(isSigned)")
                }
            }
        }
    }

    @Test("a lossless image of 1 to 24 bits comes back exactly", arguments: 1...24)
    func precisions(precision: Int) throws {
        for isSigned in [false, true] {
            let image = TestImage(width: 45, height: 29, planes: [plane(precision, signed: isSigned)])
            #expect(try OpenJPEGDecoder().decode(TestEncoder().encode(image)).array == image.raster())
        }
    }

    @Test(
        "a deep image comes back exactly, or is refused as unsupported; wrong pixels never",
        arguments: 25...31)
    func deepPrecisions(precision: Int) throws {
        // OpenJPEG's own encoder keeps 24 bits of magnitude, so the samples stay within them, on both sides of 0.
        var image = TestImage(width: 45, height: 29, planes: [plane(20, signed: true)])
        image.planes[0].precision = precision
        let encoded = try TestEncoder().encode(image)
        do {
            let frame = try OpenJPEGDecoder().decode(encoded)
            #expect(frame.layout?.bytesPerSample == 4)
            #expect(frame.array == image.raster())
            #expect(precision < 28)
        } catch {
            #expect(error.kind == .unsupported, "\(error)")
            #expect(!error.isRetryable)
            #expect(precision >= 28)
        }
    }

    @Test("the component transform inside the codestream is undone", arguments: [8, 12, 16])
    func componentTransform(precision: Int) throws {
        let image = TestImage(width: 50, height: 41, planes: Array(repeating: plane(precision), count: 3))
        let encoder = TestEncoder(usesComponentTransform: true)
        #expect(try OpenJPEGDecoder().decode(encoder.encode(image)).array == image.raster())
    }

    @Test("components of different precision share the container of the largest")
    func mixedPrecision() throws {
        let image = TestImage(width: 20, height: 11, planes: [plane(8), plane(12), plane(3)])
        let frame = try OpenJPEGDecoder().decode(TestEncoder().encode(image))
        #expect(frame.layout?.bitsPerSample == 12)
        #expect(frame.array == image.raster())
    }

    @Test("subsampled components are replicated on the reference grid, wherever the image begins")
    func subsampling() throws {
        for origin in [(0, 0), (1, 0), (3, 5), (4, 2)] {
            for step in [(2, 1), (2, 2), (1, 3), (4, 4)] {
                for shape in Self.shapes where shape.width > 8 && shape.height > 8 {
                    let image = TestImage(
                        width: shape.width, height: shape.height,
                        planes: [plane(8), plane(8, step: step), plane(8, step: step)],
                        origin: origin)
                    let frame = try OpenJPEGDecoder().decode(TestEncoder(decompositions: 1).encode(image))
                    #expect(frame.layout?.width == shape.width)
                    #expect(frame.layout?.height == shape.height)
                    #expect(frame.array == image.raster(), "origin \(origin), steps \(step), \(shape)")
                }
            }
        }
    }

    @Test("an image in many tiles, of any progression, comes back exactly")
    func tiles() throws {
        let image = TestImage(width: 131, height: 77, planes: [plane(12), plane(12), plane(12)])
        for progression in [OPJ_LRCP, OPJ_RLCP, OPJ_RPCL, OPJ_PCRL, OPJ_CPRL] {
            let encoder = TestEncoder(decompositions: 2, tile: (32, 48), progression: progression)
            let encoded = try encoder.encode(image)
            let index = try encoded.withUnsafeBytes {
                try TilePartIndex(of: $0, header: CodestreamHeader(parsing: $0))
            }
            #expect(index.parts.count == 10)
            #expect(index.hasEndMarker)
            #expect(try OpenJPEGDecoder().decode(encoded).array == image.raster())
        }
    }

    @Test("a lossy image comes back close to what it was")
    func lossy() throws {
        let image = TestImage(width: 96, height: 80, planes: [plane(8)])
        let frame = try OpenJPEGDecoder().decode(TestEncoder(isReversible: false, ratio: 2).encode(image))
        let errors = zip(frame.array, image.raster()).map { abs(Int($0) - Int($1)) }
        #expect(errors.count == 96 * 80)
        // Ratio 2 of a noisy image: far from exact, far from unrelated (about 85 for random pairs).
        #expect(errors.reduce(0, +) / errors.count < 12)
    }
}
