/// A frame that is not there, and why: the other half of what an iteration gives.
///
/// `stage`, `code` and `isRetryable` are the underlying error's. It was tried as often as the retry policy allows.
public struct FailedFrame: StageError {
    /// All that is worth recording of it: `manifestLine()` makes a line of a manifest of it.
    public let outcome: FrameOutcome
    /// What ended it: `ServiceError`, `TransportError`, `DecodeError`, `VerifyError`, `MissingChecksum`…
    public let underlying: any StageError

    /// What was planned: ids, frame number, expected checksum.
    public var planned: PlannedFrame { outcome.frame }

    public var stage: Stage { underlying.stage }
    public var code: String { underlying.code }
    public var isRetryable: Bool { underlying.isRetryable }
    public var message: String { "frame \(planned.imageFrameID): \(underlying.message)" }
}

extension FailedFrame: CustomStringConvertible {
    public var description: String { message }
}

/// A frame without a checksum to compare with, for a program that did not allow such frames.
public struct MissingChecksum: StageError, Equatable {
    public let reason: UnverifiableReason

    init(outcome: FrameOutcome) { reason = outcome.unverifiableReason ?? .noChecksum }

    public var stage: Stage { .verify }
    public var code: String { reason.rawValue }
    public var isRetryable: Bool { false }
    public var message: String {
        let missing =
            switch reason {
            case .noChecksum: "no checksum of the frame"
            case .noChecksumForResolution: "no checksum of this resolution of the frame"
            }
        return
            "the metadata lists \(missing), so it cannot be verified; set allowsUnverifiable to have it all the same"
    }
}
