/// One header field as it goes over the wire.
public struct HTTPField: Hashable, Sendable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// A request, complete but for what the transport adds itself (`Host` from the URL, `Content-Length`).
public struct HTTPRequest: Sendable {
    public var method: String
    /// Absolute, percent-encoded.
    public var url: String
    public var fields: [HTTPField]
    public var body: [UInt8]

    public init(method: String, url: String, fields: [HTTPField] = [], body: [UInt8] = []) {
        self.method = method
        self.url = url
        self.fields = fields
        self.body = body
    }
}

/// A whole response: the body has arrived to its last byte.
public struct HTTPResponse: Sendable {
    public var status: Int
    public var fields: [HTTPField]
    /// As received: a `Content-Encoding` is not undone.
    public var body: PooledBuffer

    public init(status: Int, fields: [HTTPField], body: PooledBuffer) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// The first field of that name, whatever its case.
    public func field(_ name: String) -> String? {
        fields.first { $0.name.utf8.count == name.utf8.count && $0.name.lowercased() == name.lowercased() }?
            .value
    }
}

/// Sends requests. The engine's is `CurlTransport`; tests bring their own.
public protocol HTTPTransport: Sendable {
    /// Sends `request` and returns when the whole body is there.
    ///
    /// - Parameters:
    ///   - bodySizeHint: expected body size in bytes, to reserve memory once. Never trusted.
    ///   - bodyLimit: a body larger than this many bytes ends in an error.
    /// - Throws: a `StageError` of stage `.transport`; `CancellationError` when the task is cancelled.
    func send(_ request: HTTPRequest, bodySizeHint: Int?, bodyLimit: Int) async throws -> HTTPResponse
}
