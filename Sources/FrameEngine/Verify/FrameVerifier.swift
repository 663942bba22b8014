/// What comparing a frame with its checksum showed.
public struct Verification: Sendable {
    public let verdict: Verdict
    /// The CRC-32 that was compared: `verdict` tells of which bytes. Of the decoded ones where nothing was.
    public let crc32: UInt32
    /// What the metadata states; nil where it states nothing for this frame at this resolution.
    public let expected: UInt32?
    /// What should be written: the decoded frame, or its widened form where that is what the checksum covers.
    public let frame: DecodedFrame
}

/// How a comparison ended.
public enum Verdict: Sendable, Hashable {
    /// The checksum fits the frame in this form.
    case verified(VerifiedForm)
    /// There is no checksum to compare with.
    case unverifiable(UnverifiableReason)
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
    /// Compares a frame with its checksum.
    ///
    /// Frames that the service re-encodes, and frames whose ChecksumType names decompressed pixels, are compared by
    /// their pixels. Frames kept as imported are compared by their stored bytes and, if those do not fit, by their
    /// pixels: the documents say "on the original image" and no more, so that both readings count (inference).
    ///
    /// A frame decoded at a lower resolution is compared with the entries of its width and height; the stored bytes
    /// of a frame kept as imported prove it at any resolution.
    ///
    /// - Parameters:
    ///   - decoded: the frame decoded at any resolution, or passed through.
    ///   - encoded: the bytes as the service sent them.
    ///   - pool: gives the memory of a widened frame; without one it is freed after use.
    public static func verify(
        _ decoded: DecodedFrame, encoded: PooledBuffer, against frame: PlannedFrame, pool: BufferPool? = nil
    ) -> Verification {
        let coverage = coverage(of: frame.instance, isDecoded: decoded.layout != nil)
        if coverage == .storedBytes, let expected = frame.checksum?.crc32 {
            let actual = CRC32.checksum(encoded)
            let verdict = Verdict.verified(.stored)
            if actual == expected {
                return Verification(verdict: verdict, crc32: actual, expected: expected, frame: decoded)
            }
            if let match = pixels(of: decoded, among: pixelChecksums(of: frame, for: decoded), frame, pool)
                .match
            {
                return match
            }
            let error = VerifyError(expected: expected, actual: actual, coverage: coverage)
            return Verification(verdict: .mismatch(error), crc32: actual, expected: expected, frame: decoded)
        }
        // Nearly every frame: no list is made.
        if decoded.reduction == 0, let expected = frame.checksum?.crc32, decoded.checksum == expected {
            let verdict = Verdict.verified(.decoded)
            return Verification(verdict: verdict, crc32: expected, expected: expected, frame: decoded)
        }
        let listed = pixelChecksums(of: frame, for: decoded)
        let (match, actual) = pixels(of: decoded, among: listed, frame, pool)
        if let match { return match }
        guard let expected = listed.first else {
            let hasOthers = frame.checksum != nil || !frame.lowerResolutionChecksums.isEmpty
            let reason =
                decoded.reduction > 0 && hasOthers
                ? UnverifiableReason.noChecksumForResolution : .noChecksum
            return Verification(verdict: .unverifiable(reason), crc32: actual, expected: nil, frame: decoded)
        }
        let error = VerifyError(expected: expected, actual: actual, coverage: .pixels)
        return Verification(verdict: .mismatch(error), crc32: actual, expected: expected, frame: decoded)
    }

    /// The checksums that the pixels of a frame may have: that of the full resolution whatever size it states, those
    /// of a lower resolution by their size.
    private static func pixelChecksums(of frame: PlannedFrame, for decoded: DecodedFrame) -> [UInt32] {
        guard decoded.reduction > 0 else { return frame.checksum.map { [$0.crc32] } ?? [] }
        guard let layout = decoded.layout else { return [] }
        return frame.lowerResolutionChecksums
            .filter { $0.width == layout.width && $0.height == layout.height }.map(\.crc32)
    }

    /// Compares the pixels as they are, and widened to 16 bits where the instance had them so when it was imported.
    private static func pixels(
        of decoded: DecodedFrame, among listed: [UInt32], _ frame: PlannedFrame, _ pool: BufferPool?
    ) -> (match: Verification?, actual: UInt32) {
        let actual = decoded.checksum
        if listed.contains(actual) {
            let verdict = Verdict.verified(.decoded)
            return (Verification(verdict: verdict, crc32: actual, expected: actual, frame: decoded), actual)
        }
        guard !listed.isEmpty, frame.instance.bitsAllocated == 16,
            let widened = SampleWidening.to16Bits(decoded, pool: pool ?? BufferPool(idleBytesLimit: 0))
        else { return (nil, actual) }
        let wide = CRC32.checksum(widened.bytes)
        guard listed.contains(wide) else { return (nil, actual) }
        let verdict = Verdict.verified(.widened)
        return (Verification(verdict: verdict, crc32: wide, expected: wide, frame: widened), actual)
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
