import CCurl

/// Why a request has no whole response. HTTP error statuses are not among the reasons: they are responses.
public struct TransportError: StageError, Equatable {
    /// What sort of trouble it is, for exit statuses and for what to tell the user.
    public enum Kind: String, Sendable, CaseIterable {
        /// No connection: name look-up, TCP, proxy or TLS handshake.
        case unreachable
        /// The server's certificate, or the file that should vouch for it.
        case certificate
        /// Too long without a connection, without a byte, or in all.
        case timeout
        /// The connection or stream broke before the body was whole.
        case interrupted
        /// The request cannot be sent as it is: URL, scheme, header field.
        case badRequest
        /// Head or body larger than allowed.
        case tooLarge
        /// The transport has been shut down.
        case shutDown
        /// libcurl or the machine does not allow what is needed.
        case internalFailure
    }

    /// What sort of trouble.
    public let kind: Kind
    /// `curl-NN`, `stalled`, `body-too-large`, `head-too-large`, `shut-down`, `bad-field`, `ca-bundle`, `curl-multi-NN`.
    public let code: String
    /// The CURLcode where curl decided, else nil.
    public let curlCode: UInt32?
    /// `host:port`, or empty where no host is concerned.
    public let endpoint: String
    /// What happened, in words: one line, no URL, no header, no credential.
    public let detail: String

    public var stage: Stage { .transport }

    /// Whether the same request may succeed when sent again.
    public var isRetryable: Bool {
        if let curlCode { return Self.isRetryable(CURLcode(rawValue: curlCode), kind: kind) }
        return code == Self.stalledCode
    }

    public var message: String {
        let place = endpoint.isEmpty ? "" : "\(endpoint): "
        let advice = advice
        return "\(place)\(detail) (\(code))\(advice.isEmpty ? "" : ". \(advice)")"
    }

    static let stalledCode = "stalled"

    private var advice: String {
        switch kind {
        case .unreachable:
            "Is the server running? Check --endpoint-url, --region, the network and the proxy settings"
        case .certificate: "If the server has a private certificate authority, name its file with --ca-bundle"
        case .timeout: "The server or the network is slow or silent; it may work when tried again"
        case .interrupted: "It may work when tried again"
        case .badRequest: "Check --endpoint-url"
        case .tooLarge: "The answer is not what was asked for, or the limit is too low for it"
        case .shutDown, .internalFailure: ""
        }
    }

    // MARK: - Reasons of our own

    static func stalled(_ endpoint: String, idle: Duration) -> TransportError {
        TransportError(
            kind: .timeout, code: stalledCode, curlCode: nil, endpoint: endpoint,
            detail: "no byte moved for \(idle.timerSeconds) s")
    }

    static func bodyTooLarge(_ endpoint: String, limit: Int) -> TransportError {
        TransportError(
            kind: .tooLarge, code: "body-too-large", curlCode: nil, endpoint: endpoint,
            detail: "the response body is larger than \(limit) bytes")
    }

    static func headTooLarge(_ endpoint: String) -> TransportError {
        TransportError(
            kind: .tooLarge, code: "head-too-large", curlCode: nil, endpoint: endpoint,
            detail: "the response header is larger than \(ResponseHead.bytesLimit) bytes")
    }

    static func shutDown(_ endpoint: String) -> TransportError {
        TransportError(
            kind: .shutDown, code: "shut-down", curlCode: nil, endpoint: endpoint,
            detail: "the transport was shut down before the response was whole")
    }

    /// A method, URL or field with a character that would change the request's meaning. `what` names it, never its value.
    static func badField(_ endpoint: String, what: String) -> TransportError {
        TransportError(
            kind: .badRequest, code: "bad-field", curlCode: nil, endpoint: endpoint,
            detail: "\(what) holds a character that HTTP does not allow")
    }

    static func unreadableBundle(_ path: String, reason: String) -> TransportError {
        TransportError(
            kind: .certificate, code: "ca-bundle", curlCode: nil, endpoint: "",
            detail: "the certificate file '\(path)' cannot be used: \(reason)")
    }

    static func multi(_ result: CURLMcode, endpoint: String = "") -> TransportError {
        TransportError(
            kind: .internalFailure, code: "curl-multi-\(result.rawValue)", curlCode: nil, endpoint: endpoint,
            detail: String(cString: curl_multi_strerror(result)))
    }

    static func thread(_ status: Int32) -> TransportError {
        TransportError(
            kind: .internalFailure, code: "thread", curlCode: nil, endpoint: "",
            detail: "no thread could be started (error \(status))")
    }
}
