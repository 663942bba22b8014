/// No usable credentials. Names the places that were asked and never what was found there.
public struct CredentialsError: StageError, Equatable {
    /// Why, as a word for machines.
    public enum Reason: String, Sendable {
        /// Every place was asked and none had any.
        case none
        /// A place has half of a pair, or something that cannot be read.
        case incomplete
        /// A profile wants a kind of credentials that is not built in.
        case unsupported
    }

    public let reason: Reason
    public let message: String

    public var stage: Stage { .request }
    public var code: String { "credentials-\(reason.rawValue)" }
    public var isRetryable: Bool { false }

    public init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }
}
