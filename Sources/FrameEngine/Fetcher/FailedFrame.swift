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

/// A frame whose metadata lists no checksum, for a program that did not allow such frames.
public struct MissingChecksum: StageError {
    public var stage: Stage { .verify }
    public var code: String { "no-checksum" }
    public var isRetryable: Bool { false }
    public var message: String {
        "the metadata lists no checksum, so the frame cannot be verified; set allowsUnverifiable to have it all the same"
    }
}
