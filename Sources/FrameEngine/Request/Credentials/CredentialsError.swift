/// No usable credentials. Names the places that were asked and why each gave none, and never what was found there.
public struct CredentialsError: StageError, Equatable {
    /// Why, as a word for machines.
    public enum Reason: String, Sendable {
        /// Every place was asked and none had any.
        case none
        /// A place has half of a pair, or something that cannot be read.
        case incomplete
        /// A profile wants a kind of credentials, or a way to them, that is not built in.
        case unsupported
        /// They, or the session that gives them, are no longer valid.
        case expired
        /// What should give them refused.
        case refused
        /// What should give them did not answer, or not in time.
        case unreachable
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

    /// Nothing to send with: the certificate file cannot be read, or the machine does not give what is needed.
    static func noTransport(_ error: any Error, _ place: String) -> CredentialsError {
        CredentialsError(
            .unreachable, "\(place): \((error as? any StageError)?.message ?? "no connection can be made")")
    }
}
