import FrameEngine
import Testing

@Suite struct FrameDecoderTests {
    private let pool = BufferPool()

    @Test(
        "frames of a syntax that is not decoded pass through: the same buffer, no layout",
        arguments: [
            TransferSyntax.explicitVRLittleEndian, .jpegBaseline,
            TransferSyntax(uid: "1.2.840.10008.1.2.4.102"),
        ])
    func passThrough(syntax: TransferSyntax) throws {
        let encoded = DecodeFixtures.buffer([1, 2, 3], pool: pool)
        let frame = try FrameDecoder(pool: pool).decode(encoded, storedAs: syntax)
        #expect(frame.bytes === encoded)
        #expect(frame.layout == nil)
        #expect(frame.decoder == "as-stored")
    }

    @Test(
        "every JPEG 2000 syntax is decoded",
        arguments: [
            TransferSyntax.jpeg2000, .jpeg2000Lossless, .htj2k, .htj2kLossless, .htj2kLosslessRPCL,
        ])
    func decoded(syntax: TransferSyntax) throws {
        let image = TestImage(width: 10, height: 6, planes: [.init(precision: 8, isSigned: false)])
        let encoded = DecodeFixtures.buffer(try TestEncoder().encode(image), pool: pool)
        for preference in [DecoderPreference.auto, .openjpeg] {
            let frame = try FrameDecoder(pool: pool, preference: preference).decode(encoded, storedAs: syntax)
            #expect(frame.array == image.raster())
            #expect(frame.decoder == "openjpeg")
            #expect(frame.fallbackReason == (preference == .auto ? "part1-blocks" : nil))
        }
        let error = #expect(throws: DecodeError.self) {
            try FrameDecoder(pool: pool, preference: .native).decode(encoded, storedAs: syntax)
        }
        #expect(error?.code == "unsupported")
        #expect(error?.message.contains("part1-blocks") == true)
    }

    @Test("a frame that should be JPEG 2000 and is not is refused, and worth another request")
    func wrongBytes() {
        let encoded = DecodeFixtures.buffer(Array("<html>".utf8), pool: pool)
        let error = #expect(throws: DecodeError.self) {
            try FrameDecoder(pool: pool).decode(encoded, storedAs: .htj2kLosslessRPCL)
        }
        #expect(error?.code == "not-a-codestream")
        #expect(error?.stage == .decode)
        #expect(error?.isRetryable == true)
    }

    @Test("a decoder that refused a frame decodes the next one")
    func afterFailure() throws {
        let decoder = FrameDecoder(pool: pool)
        let image = TestImage(width: 33, height: 21, planes: [.init(precision: 12, isSigned: false)])
        let bytes = try TestEncoder().encode(image)
        for _ in 0..<3 {
            var damaged = bytes
            damaged.replaceSubrange(
                150..<bytes.count - 2, with: repeatElement(0xff, count: bytes.count - 152))
            #expect(throws: DecodeError.self) {
                try decoder.decode(DecodeFixtures.buffer(damaged, pool: pool), storedAs: .jpeg2000)
            }
            let frame = try decoder.decode(DecodeFixtures.buffer(bytes, pool: pool), storedAs: .jpeg2000)
            #expect(frame.array == image.raster())
        }
    }

    @Test("each error tells whether fetching again can help")
    func retries() {
        let retryable = DecodeError.Kind.allCases.filter { DecodeError($0, "").isRetryable }
        #expect(retryable == [.notACodestream, .truncated, .damaged])
    }
}
