/// What can go wrong with one answer. The raw value is its word in the grammar, in the log and in the counts.
public enum FaultKind: String, Sendable, CaseIterable {
    // The cases' values are the statuses that clients see.
    case throttled = "429"
    case failed = "500"
    case unavailable = "503"
    case expired = "403"
    case missing = "404"
    case truncate
    case short
    case reset
    case stall
    case drip
    case flip
    case wrong
    case html
    case goaway
    case close

    /// What a client sees of it: one line, for help and documentation.
    public var explanation: String {
        switch self {
        case .throttled: "ThrottlingException; 429=2%:1-3s adds Retry-After"
        case .failed: "InternalServerException; :1-3s as above"
        case .unavailable: "ServiceUnavailableException; :1-3s as above"
        case .expired: "ExpiredTokenException"
        case .missing: "ResourceNotFoundException"
        case .truncate: "the body ends before Content-Length does"
        case .short: "the same, but Content-Length agrees: HTTP looks whole"
        case .reset: "the connection is reset (RST) within the body"
        case .stall: "the body stops, the connection stays open"
        case .drip: "the body comes slowly: drip=1%:500B/s"
        case .flip: "one bit of the body is flipped"
        case .wrong: "the bytes of another frame of the image set"
        case .html: "a page of HTML with status 200"
        case .goaway: "HTTP/2: GOAWAY that refuses the request; else: close"
        case .close: "the connection closes without an answer"
        }
    }

    /// Whether the client gets all that it asked for, so that it has no reason to ask again.
    var deliversAll: Bool { self == .drip }

    var takesRetryAfter: Bool { [.throttled, .failed, .unavailable].contains(self) }

    /// The error that is answered; nil for faults of another sort.
    var error: APIError? {
        switch self {
        case .throttled: .throttled
        case .failed:
            APIError(status: 500, code: "InternalServerException", message: "An internal error occurred.")
        case .unavailable:
            APIError(
                status: 503, code: "ServiceUnavailableException",
                message: "The service is unavailable for the moment.")
        case .expired:
            APIError(
                status: 403, code: "ExpiredTokenException",
                message: "The security token included in the request is expired")
        case .missing: .notFound("The resource does not exist.")
        default: nil
        }
    }
}

extension APIError {
    static let throttled = APIError(
        status: 429, code: "ThrottlingException", message: "The request was denied due to request throttling."
    )
}
