import Foundation
import FrameEngine
import Testing

@testable import LocalImaging

@Suite("Lower resolutions of stored frames")
struct LowerResolutionTests {
    /// 140x130, 70x65, 35x33; a ramp, so that the stream is short.
    private static let layout = PixelLayout(
        width: 140, height: 130, components: 1, bitsPerSample: 8, isSigned: false)

    private static func encoded() throws -> [UInt8] {
        let pixels = (0..<layout.byteCount).map { (index: Int) -> UInt8 in
            let (row, column) = index.quotientAndRemainder(dividingBy: 140)
            return UInt8((row + column) / 2)
        }
        let encoder = HTJ2KEncoder()
        return try pixels.withUnsafeBytes { Array(try encoder.encode($0, layout: layout, colour: .grey)) }
    }

    private static func decode(_ bytes: [UInt8], _ reduction: Int) throws -> [UInt8] {
        let pool = BufferPool()
        let buffer = pool.buffer(capacity: bytes.count)
        bytes.withUnsafeBytes { buffer.append($0) }
        let frame = try FrameDecoder(pool: pool, preference: .native).decode(
            buffer, storedAs: .htj2kLosslessRPCL, resolution: ResolutionChoice(reduction: reduction))
        return Array(frame.bytes.bytes)
    }

    /// Where each tile-part ends, lowest resolution first; offsets in the boxed file.
    private static func partEnds(_ bytes: [UInt8]) throws -> [Int] {
        try bytes.withUnsafeBytes { bytes in
            let codestream = try JP2Container(parsing: bytes).codestream
            let bare = UnsafeRawBufferPointer(rebasing: bytes[codestream])
            let parts = try TilePartIndex(of: bare, header: try CodestreamHeader(parsing: bare)).parts
            return parts.map { codestream.lowerBound + $0.offset + $0.byteCount }
        }
    }

    @Test("a stream cut at any byte decodes at a lower resolution exactly when all that this needs is there")
    func everyCut() throws {
        let whole = try Self.encoded()
        let ends = try Self.partEnds(whole)
        #expect(ends.count == 3)
        for reduction in 1...2 {
            let expected = try Self.decode(whole, reduction)
            let needed = ends[2 - reduction]
            for cut in 0..<whole.count {
                let result = Result { try Self.decode(Array(whole[..<cut]), reduction) }
                switch result {
                case .success(let pixels):
                    #expect(cut >= needed, "decodes at \(cut) of \(needed) needed bytes")
                    #expect(pixels == expected, "other pixels when cut at \(cut)")
                case .failure(let error):
                    #expect(cut < needed, "\(error) when cut at \(cut), \(needed) needed")
                    #expect(error is DecodeError)
                }
            }
        }
        // All of it is wanted: nothing may be missing, not even the end marker.
        for cut in 0..<whole.count {
            #expect(throws: DecodeError.self) { try Self.decode(Array(whole[..<cut]), 0) }
        }
    }

    @Test("damage names its tile, resolution and byte, and does not matter to the resolutions below it")
    func damage() throws {
        let whole = try Self.encoded()
        let ends = try Self.partEnds(whole)
        for resolution in 1...2 {
            // The first packet header of that resolution's tile-part.
            let header = ends[resolution - 1] + 14
            var damaged = whole
            damaged.replaceSubrange(header..<header + 8, with: repeatElement(0xff, count: 8))
            for reduction in 0...2 {
                guard reduction <= 2 - resolution else {
                    #expect(try Self.decode(damaged, reduction) == Self.decode(whole, reduction))
                    continue
                }
                let error = #expect(throws: DecodeError.self) { try Self.decode(damaged, reduction) }
                #expect(error?.kind == .damaged)
                for word in ["tile 0", "resolution \(resolution)", "byte "] {
                    #expect(error?.message.contains(word) == true, "\(error?.message ?? "") lacks \(word)")
                }
            }
        }
    }

    private static func expectEveryResolution(_ sums: [ResolutionChecksum], of stored: [UInt8]) throws {
        let count = sums.count
        for (index, sum) in sums.enumerated() {
            let decoded = try stored.withUnsafeBytes {
                try OpenJPEGDecoder().decode($0, reduction: count - 1 - index, pool: BufferPool())
            }
            #expect(decoded.layout?.width == sum.width && decoded.layout?.height == sum.height)
            #expect(CRC32.checksum(decoded.bytes) == sum.crc32)
        }
    }

    @Test(
        "a synthetic study lists a checksum for every resolution, lowest first",
        arguments: SyntheticModality.allCases)
    func synthetic(modality: SyntheticModality) async throws {
        let scratch = try ScratchFolder()
        let study = try SyntheticStudy(modality: modality, frames: 2, width: 270, height: 150, seed: 3)
        let store = try ImageSetStore(opening: scratch.path + "/store")
        let datastore = try store.createDatastore(name: "test")
        let receipt = try await study.write(into: store, datastoreID: datastore.id, workers: 1)
        let document = try MetadataDocument(of: receipt.imageSetID, in: datastore.id, at: store.path)
        for frame in document.frames {
            #expect(frame.checksums.map(\.width) == [68, 135, 270])
            #expect(frame.checksums.map(\.height) == [38, 75, 150])
            let stored = [UInt8](try Data(contentsOf: URL(fileURLWithPath: frame.path)))
            try Self.expectEveryResolution(frame.checksums, of: stored)
        }
    }

    @Test("an import lists a checksum for every resolution, of grey and of colour", arguments: [1, 3])
    func imported(components: Int) throws {
        var builder = DICOMFileBuilder()
        builder.setImage(
            rows: 131, columns: 200, samples: components,
            photometric: components == 3 ? "RGB" : "MONOCHROME2", allocated: 8)
        builder.pixelData = .native(PixelKindTests.ramp(131 * 200 * components), vr: "OB")
        let frame = try #require(try PixelKindTests.output(builder).frames.first)
        let sums = frame.document.lowerChecksums + [frame.document.checksum]
        #expect(sums.map(\.width) == [50, 100, 200])
        #expect(sums.map(\.height) == [33, 66, 131])
        try Self.expectEveryResolution(sums, of: frame.bytes)
    }

    @Test("frames kept as imported, and those of one resolution, list theirs alone")
    func single() throws {
        var small = DICOMFileBuilder()
        small.setImage(rows: 64, columns: 200, allocated: 8)
        small.pixelData = .native(PixelKindTests.ramp(64 * 200), vr: "OB")
        #expect(try PixelKindTests.output(small).frames[0].document.lowerChecksums.isEmpty)
        var bits = DICOMFileBuilder()
        bits.setImage(rows: 8, columns: 8, allocated: 1)
        bits.pixelData = .native([UInt8](repeating: 0x5a, count: 8), vr: "OB")
        #expect(try PixelKindTests.output(bits).frames[0].document.lowerChecksums.isEmpty)
    }
}
