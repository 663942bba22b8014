import FrameEngine
import Testing

@Suite struct FrameVerifierTests {
    private let pool = BufferPool()
    private static let pixels: [UInt8] = [0x00, 0x7f, 0x80, 0xff, 0x12, 0xfe]
    private static let stored: [UInt8] = [9, 8, 7, 6]

    private func buffer(_ bytes: [UInt8]) -> PooledBuffer {
        let buffer = pool.buffer(capacity: bytes.count)
        bytes.withUnsafeBytes { buffer.append($0) }
        return buffer
    }

    private func decoded(isSigned: Bool = false, reduction: Int = 0) -> DecodedFrame {
        let layout = PixelLayout(width: 3, height: 2, components: 1, bitsPerSample: 8, isSigned: isSigned)
        var frame = DecodedFrame(bytes: buffer(Self.pixels), layout: layout, decoder: "openjpeg")
        frame.reduction = reduction
        return frame
    }

    private func frame(
        _ checksum: UInt32?, syntax: TransferSyntax? = nil, type: String? = nil, bitsAllocated: Int? = nil,
        lower: [ResolutionChecksum] = []
    ) throws -> PlannedFrame {
        let id = try #require(HealthImagingID("0123456789abcdef0123456789abcdef"))
        let instance = PlannedInstance(
            datastoreID: id, imageSetID: id, storedTransferSyntax: syntax, checksumType: type,
            bitsAllocated: bitsAllocated)
        return PlannedFrame(
            instance: instance, frameNumber: 1, imageFrameID: id,
            checksum: checksum.map { ResolutionChecksum(width: 3, height: 2, crc32: $0) },
            lowerResolutionChecksums: lower)
    }

    private func verify(_ decoded: DecodedFrame, against frame: PlannedFrame) -> Verification {
        FrameVerifier.verify(decoded, encoded: buffer(Self.stored), against: frame, pool: pool)
    }

    @Test(
        "a frame that the service re-encodes is verified by its pixels",
        arguments: [nil, TransferSyntax.htj2kLosslessRPCL, .htj2kLossless, .jpeg2000Lossless])
    func transcoded(syntax: TransferSyntax?) throws {
        let crc32 = CRC32.checksum(Self.pixels)
        let result = try verify(decoded(), against: frame(crc32, syntax: syntax))
        #expect(result.verdict == .verified(.decoded))
        #expect(result.crc32 == crc32)
        let wrong = try verify(decoded(), against: frame(CRC32.checksum(Self.stored), syntax: syntax))
        #expect(
            wrong.verdict
                == .mismatch(.init(expected: CRC32.checksum(Self.stored), actual: crc32, coverage: .pixels)))
    }

    @Test("a frame kept as imported is verified by its stored bytes, or else by its pixels")
    func keptOriginal() throws {
        for syntax in [TransferSyntax.htj2k, .jpeg2000] {
            let byBytes = try verify(decoded(), against: frame(CRC32.checksum(Self.stored), syntax: syntax))
            #expect(byBytes.verdict == .verified(.stored))
            #expect(byBytes.crc32 == CRC32.checksum(Self.stored))
            let byPixels = try verify(decoded(), against: frame(CRC32.checksum(Self.pixels), syntax: syntax))
            #expect(byPixels.verdict == .verified(.decoded))
            let neither = try verify(decoded(), against: frame(1, syntax: syntax))
            #expect(
                neither.verdict
                    == .mismatch(
                        .init(expected: 1, actual: CRC32.checksum(Self.stored), coverage: .storedBytes)))
        }
    }

    @Test("a checksum of decompressed pixels is compared with pixels, whatever the syntax")
    func decompressedType() throws {
        let type = "DECOMPRESSED"
        let right = try frame(CRC32.checksum(Self.pixels), syntax: .htj2k, type: type)
        #expect(verify(decoded(), against: right).verdict == .verified(.decoded))
        let wrong = try frame(CRC32.checksum(Self.stored), syntax: .htj2k, type: type)
        guard case .mismatch = verify(decoded(), against: wrong).verdict else {
            Issue.record("stored bytes were taken for pixels")
            return
        }
    }

    @Test("a frame that passed through is verified by its stored bytes")
    func asStored() throws {
        let encoded = buffer(Self.stored)
        let passed = DecodedFrame(bytes: encoded, layout: nil, decoder: "as-stored")
        let planned = try frame(CRC32.checksum(Self.stored), syntax: .jpegBaseline)
        let result = FrameVerifier.verify(passed, encoded: encoded, against: planned)
        #expect(result.verdict == .verified(.stored))
        #expect(result.frame.bytes === encoded)
    }

    @Test("a frame without a checksum is unverifiable, never verified")
    func unverifiable() throws {
        let result = try verify(decoded(), against: frame(nil))
        #expect(result.verdict == .unverifiable(.noChecksum))
        #expect(result.crc32 == CRC32.checksum(Self.pixels))
    }

    @Test("8-bit samples of a 16-bit instance also match in 16 bits, and that form is the one to write")
    func widened() throws {
        let unsigned: [UInt8] = [0x00, 0, 0x7f, 0, 0x80, 0, 0xff, 0, 0x12, 0, 0xfe, 0]
        let signed: [UInt8] = [0x00, 0, 0x7f, 0, 0x80, 0xff, 0xff, 0xff, 0x12, 0, 0xfe, 0xff]
        for (isSigned, expected) in [(false, unsigned), (true, signed)] {
            let planned = try frame(CRC32.checksum(expected), bitsAllocated: 16)
            let result = verify(decoded(isSigned: isSigned), against: planned)
            #expect(result.verdict == .verified(.widened))
            #expect([UInt8](result.frame.bytes.bytes) == expected)
            #expect(result.frame.layout?.bytesPerSample == 2)
            #expect(result.frame.layout?.isSigned == isSigned)
            #expect(result.frame.layout?.byteCount == expected.count)
        }
        let narrow = try verify(decoded(), against: frame(CRC32.checksum(Self.pixels), bitsAllocated: 16))
        #expect(narrow.verdict == .verified(.decoded))
        guard
            case .mismatch = try verify(decoded(), against: frame(CRC32.checksum(unsigned), bitsAllocated: 8))
                .verdict
        else {
            Issue.record("an 8-bit instance was widened")
            return
        }
    }

    @Test("a lower resolution is compared with the entry of its size, never with the full one's")
    func lowerResolution() throws {
        let crc32 = CRC32.checksum(Self.pixels)
        let listed = [
            ResolutionChecksum(width: 6, height: 4, crc32: 1),
            ResolutionChecksum(width: 3, height: 2, crc32: crc32),
        ]
        let good = try verify(decoded(reduction: 1), against: frame(5, lower: listed))
        #expect(good.verdict == .verified(.decoded))
        #expect(good.expected == crc32)
        // Its own checksum stands there, but as the full resolution's.
        let none = try verify(decoded(reduction: 1), against: frame(crc32, lower: [listed[0]]))
        #expect(none.verdict == .unverifiable(.noChecksumForResolution))
        #expect(none.crc32 == crc32)
        #expect(none.expected == nil)
        #expect(
            try verify(decoded(reduction: 1), against: frame(nil)).verdict == .unverifiable(.noChecksum))
        let bad = [ResolutionChecksum(width: 3, height: 2, crc32: 77)]
        let mismatch = try verify(decoded(reduction: 1), against: frame(5, lower: bad))
        #expect(mismatch.verdict == .mismatch(.init(expected: 77, actual: crc32, coverage: .pixels)))
        #expect(mismatch.expected == 77)
        // The full resolution takes no notice of the others.
        #expect(try verify(decoded(), against: frame(crc32, lower: bad)).verdict == .verified(.decoded))
    }

    @Test(
        "a frame kept as imported is proved by its stored bytes at any resolution, or by the entry of its size"
    )
    func lowerResolutionOfOriginal() throws {
        let stored = CRC32.checksum(Self.stored)
        let byBytes = try verify(decoded(reduction: 2), against: frame(stored, syntax: .htj2k))
        #expect(byBytes.verdict == .verified(.stored))
        #expect(byBytes.expected == stored)
        let entry = ResolutionChecksum(width: 3, height: 2, crc32: CRC32.checksum(Self.pixels))
        let byPixels = try verify(decoded(reduction: 2), against: frame(1, syntax: .htj2k, lower: [entry]))
        #expect(byPixels.verdict == .verified(.decoded))
        let neither = try verify(decoded(reduction: 2), against: frame(1, syntax: .htj2k))
        #expect(neither.verdict == .mismatch(.init(expected: 1, actual: stored, coverage: .storedBytes)))
        // The reduced pixels' own checksum, stated for the full resolution, proves nothing.
        let full = try verify(
            decoded(reduction: 2), against: frame(CRC32.checksum(Self.pixels), syntax: .htj2k))
        #expect(full.verdict != .verified(.decoded))
    }

    @Test("a lower resolution of 8-bit samples of a 16-bit instance also matches in 16 bits")
    func widenedLowerResolution() throws {
        let wide: [UInt8] = [0x00, 0, 0x7f, 0, 0x80, 0, 0xff, 0, 0x12, 0, 0xfe, 0]
        let entry = ResolutionChecksum(width: 3, height: 2, crc32: CRC32.checksum(wide))
        let result = try verify(
            decoded(reduction: 3), against: frame(5, bitsAllocated: 16, lower: [entry]))
        #expect(result.verdict == .verified(.widened))
        #expect([UInt8](result.frame.bytes.bytes) == wide)
        #expect(result.frame.reduction == 3)
    }

    @Test("a checksum that the decoder computed on the way stands for its pixels, and for nothing else")
    func decodersChecksum() throws {
        var summed = decoded()
        summed.crc32 = 0x1234
        let pixels = try verify(summed, against: frame(0x1234))
        #expect(pixels.verdict == .verified(.decoded) && pixels.crc32 == 0x1234)
        guard case .mismatch = try verify(summed, against: frame(CRC32.checksum(Self.pixels))).verdict else {
            Issue.record("the decoder's checksum was not looked at")
            return
        }
        let stored = try verify(summed, against: frame(CRC32.checksum(Self.stored), syntax: .htj2k))
        #expect(stored.verdict == .verified(.stored) && stored.crc32 == CRC32.checksum(Self.stored))
        let wide: [UInt8] = Self.pixels.flatMap { [$0, 0] }
        let widened = try verify(summed, against: frame(CRC32.checksum(wide), bitsAllocated: 16))
        #expect(widened.verdict == .verified(.widened))
        #expect(widened.frame.crc32 == nil && widened.crc32 == CRC32.checksum(wide))
    }

    @Test("a mismatch says both checksums and may be tried again")
    func mismatchError() {
        let error = VerifyError(expected: 0xab, actual: 0xcd, coverage: .pixels)
        #expect(error.stage == .verify)
        #expect(error.code == "checksum-mismatch")
        #expect(error.isRetryable)
        #expect(error.message.contains("000000ab") && error.message.contains("000000cd"))
    }
}
