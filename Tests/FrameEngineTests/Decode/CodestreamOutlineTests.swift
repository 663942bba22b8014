import COpenJPEG
import Testing

@testable import FrameEngine

/// The quick look that spares most frames the whole check must never be more lenient than the whole check.
@Suite("Codestream outline")
struct CodestreamOutlineTests {
    private static func outline(_ bytes: [UInt8], limits: DecodeLimits = .standard) -> PixelLayout? {
        bytes.withUnsafeBytes { CodestreamOutline(in: $0, limits: limits)?.layout(reduction: 0) }
    }

    private static func checked(_ bytes: [UInt8], limits: DecodeLimits = .standard) -> PixelLayout? {
        bytes.withUnsafeBytes { try? CheckedCodestream(in: $0, limits: limits).header.layout() }
    }

    @Test(
        "usual streams need no second look, and both looks see the same layout",
        .enabled(if: CommandLineEncoder.openJPH.isInstalled), arguments: HTJ2KFixtures.lossless)
    func usual(form: HTJ2KFixtures.Form) throws {
        let bytes = try form.encode()
        let layout = try #require(Self.outline(bytes))
        #expect(layout == Self.checked(bytes))
        #expect(layout.width == form.width && layout.height == form.height)
        let reduced = bytes.withUnsafeBytes {
            CodestreamOutline(in: $0, limits: .standard)?.layout(reduction: 2)
        }
        #expect(reduced?.width == (form.width + 3) / 4 && reduced?.height == (form.height + 3) / 4)
    }

    @Test("a codestream cut off at any byte never passes the quick look")
    func truncation() throws {
        let image = TestImage(width: 40, height: 30, planes: [.init(precision: 8, isSigned: false)])
        for tile in [nil, (width: 16, height: 16)] {
            let bytes = try TestEncoder(decompositions: 2, tile: tile).encode(image)
            #expect(Self.outline(bytes) != nil)
            for length in 0..<bytes.count {
                #expect(Self.outline(Array(bytes.prefix(length))) == nil, "\(length) of \(bytes.count)")
            }
        }
    }

    @Test("what the quick look accepts, damaged or not, the whole check accepts with the same layout")
    func neverMoreLenient() throws {
        var random = SeededGenerator(seed: 0x0071_11e5)
        let plane = TestImage.Plane(precision: 12, isSigned: true)
        var accepted = 0
        for components in [1, 3] {
            let image = TestImage(
                width: 40, height: 30, planes: Array(repeating: plane, count: components), origin: (3, 5))
            let streams = try [nil, (width: 16, height: 16)].map {
                try TestEncoder(decompositions: 2, tile: $0).encode(image)
            }
            for round in 0..<6000 {
                var bytes = streams[round % 2]
                let reach = round % 3 == 0 ? bytes.count : 150
                for _ in 0...Int(random.next() % 3) {
                    bytes[Int(random.next() % UInt64(reach))] ^= 1 << UInt8(random.next() % 8)
                }
                guard let layout = Self.outline(bytes) else { continue }
                accepted += 1
                #expect(layout == Self.checked(bytes), "round \(round)")
            }
        }
        #expect(accepted > 500)
    }

    @Test("limits hold in the quick look as in the whole check")
    func limits() throws {
        var image = TestImage(width: 512, height: 256, planes: [.init(precision: 12, isSigned: false)])
        image.planes[0].samples = Array(repeating: 77, count: image.planes[0].samples.count)
        let bytes = try TestEncoder(decompositions: 5).encode(image)
        for limits in [
            DecodeLimits(maximumSamples: 512 * 256 - 1), DecodeLimits(maximumDecodedBytes: 512 * 512 - 1),
            DecodeLimits(freeSamples: 0, maximumSamplesPerEncodedByte: 1), DecodeLimits(maximumTiles: 0),
            DecodeLimits(maximumCodeBlocksPerTile: 3),
        ] {
            #expect(Self.outline(bytes, limits: limits) == nil)
            #expect(Self.checked(bytes, limits: limits) == nil)
        }
        #expect(Self.outline(bytes) != nil)
    }

    @Test("streams of unusual form are left to the whole check, which accepts them")
    func unusual() throws {
        let image = TestImage(width: 40, height: 30, planes: [.init(precision: 8, isSigned: false)])
        // A last tile-part without a length (Psot 0, A.4.2).
        var bytes = try TestEncoder(decompositions: 2, progression: OPJ_LRCP).encode(image)
        let parts = try bytes.withUnsafeBytes {
            try TilePartIndex(of: $0, header: CodestreamHeader(parsing: $0))
        }.parts
        let last = try #require(parts.last)
        bytes.replaceSubrange(last.offset + 6..<last.offset + 10, with: [0, 0, 0, 0])
        #expect(Self.outline(bytes) == nil)
        #expect(Self.checked(bytes) != nil)
    }
}
