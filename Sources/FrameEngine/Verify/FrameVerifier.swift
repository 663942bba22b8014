/// What comparing a frame with its checksum showed.
public struct Verification: Sendable {
    public let verdict: Verdict
    /// The CRC-32 that was compared: `verdict` tells of which bytes. Of the decoded ones where nothing was.
    public let crc32: UInt32
    /// What should be written: the decoded frame, or its widened form where that is what the checksum covers.
    public let frame: DecodedFrame
}

/// How a comparison ended.
public enum Verdict: Sendable, Hashable {
    /// The checksum fits the frame in this form.
    case verified(VerifiedForm)
    /// There is no checksum to compare with.
    case unverifiable
    /// The checksum fits no form of the frame.
    case mismatch(VerifyError)
}

/// Which form of a frame its checksum covers.
public enum VerifiedForm: Sendable, Hashable {
    /// The decoded bytes as they are.
    case decoded
    /// The bytes as stored and served (HealthImaging developer guide, pixel data verification: frames kept in the
    /// syntax of their import).
    case stored
    /// The decoded samples widened to 16 bits, as a frame with BitsAllocated 16 but a precision of 8 bits or less
    /// was when it was imported.
    case widened
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
    ///   - pool: gives the memory of a widened frame; without one it is freed after use.
    public static func verify(
        _ decoded: DecodedFrame, encoded: PooledBuffer, against frame: PlannedFrame, pool: BufferPool? = nil
    ) -> Verification {
        guard let expected = frame.checksum?.crc32 else {
            let crc32 = decoded.checksum
            return Verification(verdict: .unverifiable, crc32: crc32, frame: decoded)
        }
        let coverage = coverage(of: frame.instance, isDecoded: decoded.layout != nil)
        let actual = coverage == .pixels ? decoded.checksum : CRC32.checksum(encoded)
        if actual == expected {
            let form = coverage == .pixels ? VerifiedForm.decoded : .stored
            return Verification(verdict: .verified(form), crc32: actual, frame: decoded)
        }
        if coverage == .storedBytes, decoded.layout != nil, decoded.checksum == expected {
            return Verification(verdict: .verified(.decoded), crc32: expected, frame: decoded)
        }
        if frame.instance.bitsAllocated == 16,
            let widened = SampleWidening.to16Bits(decoded, pool: pool ?? BufferPool(idleBytesLimit: 0)),
            CRC32.checksum(widened.bytes) == expected
        {
            return Verification(verdict: .verified(.widened), crc32: expected, frame: widened)
        }
        let error = VerifyError(expected: expected, actual: actual, coverage: coverage)
        return Verification(verdict: .mismatch(error), crc32: actual, frame: decoded)
    }

    /// Compares a frame decoded at a lower resolution with the entry of its size.
    ///
    /// Nil where the metadata lists no checksum of that width and height.
    public static func verifyLowerResolution(_ decoded: DecodedFrame, against frame: PlannedFrame)
        -> Verification?
    {
        guard let layout = decoded.layout else { return nil }
        let listed = frame.lowerResolutionChecksums.first {
            $0.width == layout.width && $0.height == layout.height
        }
        guard let expected = listed?.crc32 else { return nil }
        let actual = decoded.checksum
        let error = VerifyError(expected: expected, actual: actual, coverage: .pixels)
        return Verification(
            verdict: actual == expected ? .verified(.decoded) : .mismatch(error), crc32: actual,
            frame: decoded)
    }

    /// What the checksum of an instance's frames covers.
    ///
    /// A frame that was not decoded has nothing but its stored bytes. Of ChecksumType only the word that tells of
    /// pixels is known (`DECOMPRESSED`); any other leaves the decision to the transfer syntax.
    static func coverage(of instance: PlannedInstance, isDecoded: Bool) -> ChecksumCoverage {
        guard isDecoded else { return .storedBytes }
        if instance.checksumType?.uppercased() == "DECOMPRESSED" { return .pixels }
        return instance.effectiveTransferSyntax.isTranscodedByService ? .pixels : .storedBytes
    }
}

extension DecodedFrame {
    /// CRC-32 of `bytes`: the decoder's own, or computed now.
    public var checksum: UInt32 { crc32 ?? CRC32.checksum(bytes) }
}
