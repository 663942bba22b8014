/// Settings that cannot be used: options, environment or `~/.aws` files that are wrong or contradict each other.
///
/// Never retryable, and never with the value of a credential in it.
public struct SettingsError: StageError, Equatable {
    /// What is wrong, as a word for machines.
    public enum Reason: String, Sendable {
        /// No region, and no custom endpoint that would do without one.
        case noRegion = "no-region"
        case invalidRegion = "invalid-region"
        case invalidEndpoint = "invalid-endpoint"
        /// FIPS or dual stack where the endpoint or the partition has none.
        case endpointVariant = "endpoint-variant"
        case noSuchProfile = "no-such-profile"
        case invalidValue = "invalid-value"
        /// A file of `~/.aws` that exists and cannot be read or parsed.
        case configurationFile = "configuration-file"
    }

    public let reason: Reason
    public let message: String

    public var stage: Stage { .request }
    public var code: String { "settings-\(reason.rawValue)" }
    public var isRetryable: Bool { false }

    public init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }
}
