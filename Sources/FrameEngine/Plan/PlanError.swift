/// Why the frames of an image set could not be planned. Never retryable: the same document stays what it is.
public struct PlanError: StageError, Equatable {
    /// What went wrong, as a word for machines.
    public enum Reason: String, Sendable {
        /// The file could not be opened or read.
        case unreadable
        /// No bytes, or nothing but white space.
        case empty
        /// HTML or XML where JSON was expected.
        case html
        /// Damaged or cut short gzip.
        case gzip
        /// Not JSON, or cut short.
        case json
        /// More than the planner reads.
        case tooLarge = "too-large"
        /// JSON without a member that image-set metadata must have.
        case missing
        /// A member of the wrong type or outside its range.
        case invalid
    }

    public let reason: Reason
    public let message: String

    public var stage: Stage { .plan }
    public var code: String { "metadata-\(reason.rawValue)" }
    public var isRetryable: Bool { false }

    public init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }
}
