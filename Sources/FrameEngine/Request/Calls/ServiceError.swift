/// An answer of the service that is not a success, or that is not what it should be.
public struct ServiceError: StageError {
    /// What a caller does about it.
    public enum Kind: Sendable {
        /// Too fast: wait and try again.
        case throttling
        /// The service's fault (5xx).
        case server
        /// Wrong, expired or missing credentials, or a permission that is not given.
        case credentials
        /// No such data store, image set, frame, bucket, object or stack.
        case notFound
        /// The thing is not in a state that allows this, or is there already (409).
        case conflict
        /// Any other request that the service refuses, or an answer that cannot be read.
        case client
    }

    /// The API operation, such as `GetImageFrame`.
    public let operation: String
    /// The HTTP status.
    public let status: Int
    /// The service's own name for the error, such as `ThrottlingException`; nil where it gave none.
    public let awsCode: String?
    public let message: String
    /// How long the service asks to wait.
    public let retryAfter: Duration?
    public let kind: Kind
    /// The region that a bucket is in, where S3 says that it was asked for in another one.
    public let bucketRegion: String?

    package init(
        operation: String, status: Int, awsCode: String?, message: String, retryAfter: Duration? = nil,
        kind: Kind, bucketRegion: String? = nil
    ) {
        self.operation = operation
        self.status = status
        self.awsCode = awsCode
        self.message = message
        self.retryAfter = retryAfter
        self.kind = kind
        self.bucketRegion = bucketRegion
    }

    public var stage: Stage { .request }
    public var code: String { awsCode ?? "http-\(status)" }
    public var isThrottling: Bool { kind == .throttling }

    /// Whether the same request may succeed when it is signed with newer credentials.
    var isExpiredCredentials: Bool { ["ExpiredToken", "ExpiredTokenException"].contains(awsCode) }

    /// Whether the credentials are good and do not permit this.
    public var isDenial: Bool { ["AccessDenied", "AccessDeniedException"].contains(awsCode) }

    /// Throttling, the passing server errors (500, 502, 503, 504), the client errors that say "again" (408, 421, 425),
    /// and what a service calls a passing failure.
    public var isRetryable: Bool {
        isThrottling || [408, 421, 425, 500, 502, 503, 504].contains(status)
            || Self.passingCodes.contains(awsCode ?? "")
    }

    // botocore's retry rules: standard mode's transient codes, and what it adds for STS.
    private static let passingCodes: Set<String> = [
        "RequestTimeout", "RequestTimeoutException", "IDPCommunicationError",
    ]

    /// A success whose content is not what the operation returns.
    package static func unreadable(_ operation: String, status: Int, _ problem: String) -> ServiceError {
        ServiceError(
            operation: operation, status: status, awsCode: "UnreadableResponse",
            message:
                "\(operation): the answer (HTTP \(status)) \(problem); is the endpoint the service's own?",
            kind: .client)
    }
}
