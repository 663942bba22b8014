import FrameEngine
import Testing

@Suite(.enabled(if: DecodeFixtures.areFramesPresent, "shared/data/frames is beside the repository"))
struct RealFrameTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        let name: String
        let layout: PixelLayout
        var testDescription: String { name }
    }

    static let samples = [
        Sample(
            name: "CT1",
            layout: PixelLayout(width: 512, height: 512, components: 1, bitsPerSample: 16, isSigned: true)),
        Sample(
            name: "MR2",
            layout: PixelLayout(width: 1024, height: 1024, components: 1, bitsPerSample: 16, isSigned: false)),
        Sample(
            name: "US1",
            layout: PixelLayout(width: 640, height: 480, components: 3, bitsPerSample: 8, isSigned: false)),
        Sample(
            name: "VL1",
            layout: PixelLayout(width: 756, height: 486, components: 3, bitsPerSample: 8, isSigned: false)),
        Sample(
            name: "XA1",
            layout: PixelLayout(width: 1024, height: 1024, components: 1, bitsPerSample: 16, isSigned: false)),
    ]

    @Test("every real codestream decodes to the exact bytes of its raster", arguments: samples)
    func decodesExactly(sample: Sample) throws {
        let pool = BufferPool()
        let encoded = DecodeFixtures.buffer(try DecodeFixtures.bytes(of: sample.name + ".j2c"), pool: pool)
        let raster = try DecodeFixtures.bytes(of: sample.name + ".RAW")
        for preference in DecoderPreference.allCases {
            let decoder = FrameDecoder(pool: pool, preference: preference)
            let frame = try decoder.decode(encoded, storedAs: .htj2kLosslessRPCL)
            #expect(frame.layout == sample.layout)
            #expect(frame.decoder == (preference == .openjpeg ? "openjpeg" : "native"))
            #expect(frame.array == raster)
        }
    }

    @Test("the native decoder gives the same bytes with every instruction set", arguments: samples)
    func instructionSets(sample: Sample) throws {
        let pool = BufferPool()
        let encoded = DecodeFixtures.buffer(try DecodeFixtures.bytes(of: sample.name + ".j2c"), pool: pool)
        let raster = try DecodeFixtures.bytes(of: sample.name + ".RAW")
        for instructionSet in NativeDecoder.InstructionSet.allCases {
            let answer = try NativeDecoder(upTo: instructionSet).decode(encoded.bytes, pool: pool)
            guard case .decoded(let frame) = answer else {
                Issue.record("\(instructionSet) declines it")
                continue
            }
            #expect(frame.array == raster, "\(instructionSet)")
        }
    }

    @Test("the service's cut-off frame shows its geometry and tile-parts, and is refused as truncated")
    func truncatedServiceFrame() throws {
        let bytes = try DecodeFixtures.bytes(of: "healthimaging-frame-truncated.jph")
        try bytes.withUnsafeBytes { bytes in
            let container = try JP2Container(parsing: bytes)
            #expect(container.isBoxed)
            #expect(container.codestream == 85..<12_288)
            #expect(container.imageHeader?.width == 512)
            #expect(container.imageHeader?.height == 512)
            #expect(container.imageHeader?.bitsPerComponent == 0x8f)

            let codestream = UnsafeRawBufferPointer(rebasing: bytes[container.codestream])
            let header = try CodestreamHeader(parsing: codestream)
            #expect(
                header.layout()
                    == PixelLayout(width: 512, height: 512, components: 1, bitsPerSample: 16, isSigned: true))
            #expect(header.codingStyle.decompositions == 3)
            #expect(header.codingStyle.codeBlockStyle == 0x40)
            #expect(header.codingStyle.isReversible)
            #expect(header.codingStyle.precinctExponents.map(\.width) == [7, 8, 8, 8])
            #expect(header.codingStyle.precinctExponents.map(\.height) == [7, 8, 8, 8])
            #expect(header.progression == .rpcl)
            #expect(header.extendedCapabilities == 0x0002_0000)

            let index = try TilePartIndex(of: codestream, header: header)
            #expect(index.parts.map(\.byteCount) == [6185, 13_260])
            #expect(index.parts.map(\.part) == [0, 1])
            #expect(index.truncation?.kind == .truncated)
        }
        let error = #expect(throws: DecodeError.self) { try OpenJPEGDecoder().decode(bytes) }
        #expect(error?.kind == .truncated)
        #expect(error?.isRetryable == true)
        #expect(error?.message.contains("tile-part 1 of tile 0") == true)
        #expect(error?.message.contains("resolution 1") == true)
        #expect(error?.message.contains("byte 12203") == true)
    }

    @Test("a reduced resolution has ceil(n / 2^k) columns and rows")
    func reduced() throws {
        let bytes = try DecodeFixtures.bytes(of: "VL1.j2c")
        for reduction in 0...5 {
            let frame = try OpenJPEGDecoder().decode(bytes, reduction: reduction)
            let scale = 1 << reduction
            #expect(frame.layout?.width == (756 + scale - 1) / scale)
            #expect(frame.layout?.height == (486 + scale - 1) / scale)
            #expect(frame.bytes.count == frame.layout?.byteCount)
        }
        #expect(throws: DecodeError.self) { try OpenJPEGDecoder().decode(bytes, reduction: 6) }
    }
}
