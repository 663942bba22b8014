/// A frame whose bytes do not have the checksum that its metadata lists.
public struct VerifyError: StageError, Hashable {
    public let expected: UInt32
    public let actual: UInt32
    /// Of what `actual` was computed.
    public let coverage: ChecksumCoverage

    public init(expected: UInt32, actual: UInt32, coverage: ChecksumCoverage) {
        self.expected = expected
        self.actual = actual
        self.coverage = coverage
    }

    public var stage: Stage { .verify }
    public var code: String { "checksum-mismatch" }

    /// True: the transfer may have spoilt the frame. The same bytes twice tell that the service has them so.
    public var isRetryable: Bool { true }

    public var message: String {
        let covered = coverage == .pixels ? "the decoded pixels have" : "the stored bytes have"
        return "\(covered) CRC-32 \(CRC32.hexadecimal(actual)) and the metadata states "
            + "\(CRC32.hexadecimal(expected)); fetch the frame again"
    }
}
