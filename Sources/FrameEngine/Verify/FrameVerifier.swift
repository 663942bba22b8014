/// What comparing a frame with its checksum showed.
public enum Verdict: Sendable {
    /// The checksum fits. `form` tells which bytes it fits; `bytes` are those bytes.
    case verified(crc32: UInt32, form: VerifiedForm)
    /// There is no checksum to compare with; `crc32` is that of the frame's bytes.
    case unverifiable(crc32: UInt32)
    /// The checksum fits no form of the frame; `actual` is that of the decoded bytes, or of the stored ones where
    /// those are what it should cover.
    case mismatch(expected: UInt32, actual: UInt32)
}

/// Which form of a frame its checksum covers.
public enum VerifiedForm: Sendable {
    /// The decoded bytes as they are.
    case decoded
    /// The bytes as stored and served (HealthImaging developer guide, pixel data verification: frames kept in the
    /// syntax of their import).
    case stored
    /// The decoded samples widened to 16 bits, as a frame with BitsAllocated 16 but a precision of 8 bits or less
    /// was when it was imported. The widened frame is what should be written.
    case widened(DecodedFrame)
}

/// Compares frames with the CRC-32 that their metadata lists. Any thread; call it while the frame is in cache.
public enum FrameVerifier {
    /// Compares a full-resolution frame with its checksum.
    ///
    /// Frames that the service re-encodes, and frames whose ChecksumType names decompressed pixels, are compared by
    /// their pixels. Frames kept as imported are compared by their stored bytes and, if those do not fit, by their
    /// pixels: the documents say "on the original image" and no more, so that both readings count (inference).
    ///
    /// - Parameters:
    ///   - decoded: the frame decoded at full resolution, or passed through.
    ///   - encoded: the bytes as the service sent them.
    ///   - pool: gives the memory of a widened frame.
    public static func verify(
        _ decoded: DecodedFrame, encoded: PooledBuffer, against frame: PlannedFrame, pool: BufferPool
    ) -> Verdict {
        guard let expected = frame.checksum?.crc32 else {
            return .unverifiable(crc32: CRC32.checksum(decoded.bytes.bytes))
        }
        guard coverage(of: frame.instance, isDecoded: decoded.layout != nil) == .storedBytes else {
            return compare(pixels: decoded, with: expected, instance: frame.instance, pool: pool)
        }
        let stored = CRC32.checksum(encoded.bytes)
        if stored == expected { return .verified(crc32: stored, form: .stored) }
        guard decoded.layout != nil else { return .mismatch(expected: expected, actual: stored) }
        let verdict = compare(pixels: decoded, with: expected, instance: frame.instance, pool: pool)
        guard case .mismatch = verdict else { return verdict }
        return .mismatch(expected: expected, actual: stored)
    }

    /// Compares a frame decoded at a lower resolution with the entry of its size.
    ///
    /// Nil where the metadata lists no checksum of that width and height.
    public static func verifyLowerResolution(_ decoded: DecodedFrame, against frame: PlannedFrame) -> Verdict?
    {
        guard let layout = decoded.layout else { return nil }
        let listed = frame.lowerResolutionChecksums.first {
            $0.width == layout.width && $0.height == layout.height
        }
        guard let expected = listed?.crc32 else { return nil }
        let actual = CRC32.checksum(decoded.bytes.bytes)
        return actual == expected
            ? .verified(crc32: actual, form: .decoded) : .mismatch(expected: expected, actual: actual)
    }

    /// What the checksum of an instance's frames covers.
    ///
    /// A frame that was not decoded has nothing but its stored bytes. Of ChecksumType only the words that tell of
    /// pixels are known (`DECOMPRESSED`); any other leaves the decision to the transfer syntax.
    static func coverage(of instance: PlannedInstance, isDecoded: Bool) -> ChecksumCoverage {
        guard isDecoded else { return .storedBytes }
        if instance.checksumType?.uppercased() == "DECOMPRESSED" { return .pixels }
        return instance.effectiveTransferSyntax.isTranscodedByService ? .pixels : .storedBytes
    }

    private static func compare(
        pixels decoded: DecodedFrame, with expected: UInt32, instance: PlannedInstance, pool: BufferPool
    ) -> Verdict {
        let actual = CRC32.checksum(decoded.bytes.bytes)
        if actual == expected { return .verified(crc32: actual, form: .decoded) }
        if instance.bitsAllocated == 16, let widened = SampleWidening.to16Bits(decoded, pool: pool),
            CRC32.checksum(widened.bytes.bytes) == expected
        {
            return .verified(crc32: expected, form: .widened(widened))
        }
        return .mismatch(expected: expected, actual: actual)
    }
}
