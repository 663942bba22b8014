import Foundation

/// What signs a request: a key pair and, for temporary credentials, a session token.
///
/// Printing, dumping or interpolating a value shows the access key id and never the secret or the token.
public struct AWSCredentials: Sendable, Equatable {
    public let accessKeyID: String
    public let secretAccessKey: String
    /// The `x-amz-security-token` of temporary credentials; nil for long-lived ones.
    public let sessionToken: String?
    /// When they stop working; nil where that is not known.
    public let expiration: Date?

    public init(
        accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Date? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }

    /// Whether requests are signed alike with both, whenever they expire.
    func hasSameKeys(as other: AWSCredentials) -> Bool {
        accessKeyID == other.accessKeyID && secretAccessKey == other.secretAccessKey
            && sessionToken == other.sessionToken
    }
}

extension AWSCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String {
        "AWSCredentials(\(accessKeyID), secret hidden\(sessionToken == nil ? "" : ", session token hidden"))"
    }

    public var debugDescription: String { description }

    public var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID]) }
}

/// A source of credentials, asked before every request that is signed.
///
/// A provider caches for itself; asking must be cheap. Any thread.
public protocol CredentialsProvider: Sendable {
    /// The credentials to sign with; nil means that requests go unsigned.
    ///
    /// - Throws: `CredentialsError` when there are none to be had.
    func credentials() async throws -> AWSCredentials?

    /// Others than `refused`, which the service says have expired; nil when there are none to be had.
    ///
    /// Many callers may be refused at the same time: the provider looks for new ones once for all of them.
    func credentials(insteadOf refused: AWSCredentials) async throws -> AWSCredentials?
}

extension CredentialsProvider {
    public func credentials(insteadOf refused: AWSCredentials) async throws -> AWSCredentials? {
        try await credentials().flatMap { $0 == refused ? nil : $0 }
    }
}

/// The same credentials every time.
public struct StaticCredentials: CredentialsProvider {
    private let value: AWSCredentials

    public init(_ value: AWSCredentials) { self.value = value }

    public func credentials() async -> AWSCredentials? { value }
}

/// No credentials: requests go unsigned (`--no-sign-request`).
public struct UnsignedRequests: CredentialsProvider {
    public init() {}

    public func credentials() async -> AWSCredentials? { nil }
}
