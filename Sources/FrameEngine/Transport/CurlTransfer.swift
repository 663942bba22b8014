import Synchronization

/// One request on its way from the awaiting task to a loop and back.
///
/// All that both sides touch is the life, under its lock; the rest never changes. The caller's continuation is
/// resumed exactly once because the life gives it out exactly once.
final class CurlTransfer: Sendable {
    typealias Waiter = CheckedContinuation<HTTPResponse, any Error>

    let request: HTTPRequest
    let bodySizeHint: Int?
    let bodyLimit: Int
    /// `host:port`, for messages.
    let endpoint: String
    private let life = Mutex(TransferLife<Waiter>())

    /// - Throws: `bad-field` for a request that could smuggle something into the protocol: curl passes fields as they are.
    init(_ request: HTTPRequest, bodySizeHint: Int?, bodyLimit: Int) throws(TransportError) {
        self.request = request
        self.bodySizeHint = bodySizeHint
        self.bodyLimit = max(0, bodyLimit)
        endpoint = TransportError.endpoint(ofURL: request.url)
        guard !request.url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f }) else {
            throw .badField(endpoint, what: "the URL")
        }
        guard !request.method.isEmpty, request.method.utf8.allSatisfy(Self.isTokenByte) else {
            throw .badField(endpoint, what: "the method")
        }
        for field in request.fields {
            guard !field.name.isEmpty, field.name.utf8.allSatisfy(Self.isTokenByte),
                !field.value.utf8.contains(where: { $0 == 0 || $0 == 0x0a || $0 == 0x0d })
            else { throw .badField(endpoint, what: "a header field") }
        }
    }

    /// RFC 9110, 5.6.2: what a method or a field name may consist of.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    /// The caller waits from now on. True when the transfer is to be given to a loop.
    func submit(_ waiter: Waiter) -> Bool {
        switch life.withLock({ $0.submit(waiter) }) {
        case .enqueue:
            return true
        case .resumeCancelled(let waiter):
            waiter.resume(throwing: CancellationError())
            return false
        }
    }

    /// The loop is about to begin. False when the transfer is over already.
    func start() -> Bool {
        life.withLock { $0.start() }
    }

    /// Hands the outcome to the caller, if it still waits.
    func finish(_ outcome: Result<HTTPResponse, TransportError>) {
        guard let waiter = life.withLock({ $0.finish() }) else { return }
        switch outcome {
        case .success(let response): waiter.resume(returning: response)
        case .failure(let error): waiter.resume(throwing: error)
        }
    }

    /// The caller's task was cancelled. True when the loop has begun and must drop the transfer.
    func cancel() -> Bool {
        switch life.withLock({ $0.cancel() }) {
        case .nothing:
            return false
        case .resume(let waiter):
            waiter.resume(throwing: CancellationError())
            return false
        case .resumeAndStop(let waiter):
            waiter.resume(throwing: CancellationError())
            return true
        }
    }
}
