import CCurl
import Foundation

@testable import FrameEngine

/// A service in memory: answers each request for a frame with the next line of its script.
final class ScriptedService: HTTPTransport {
    enum Answer: Sendable {
        case bytes([UInt8])
        case status(Int, code: String, fields: [HTTPField] = [])
        case broken
        /// Does not answer until the task is cancelled.
        case silence
    }

    private let script: Shared<[Answer]>
    private let pool = BufferPool()
    let requests = Shared(0)
    let inFlight = Shared((now: 0, most: 0))

    /// - Parameter script: one answer a request; the last one is repeated for ever.
    init(_ script: [Answer]) { self.script = Shared(script) }

    func send(_ request: HTTPRequest, bodySizeHint: Int?, bodyLimit: Int) async throws -> HTTPResponse {
        requests.withLock { $0 += 1 }
        inFlight.withLock {
            $0.now += 1
            $0.most = max($0.most, $0.now)
        }
        defer { inFlight.withLock { $0.now -= 1 } }
        await Task.yield()
        switch script.withLock({ $0.count > 1 ? $0.removeFirst() : $0[0] }) {
        case .bytes(let bytes): return response(200, body: bytes)
        case .status(let status, let code, let fields):
            return response(
                status, fields: fields + [HTTPField("x-amzn-errortype", code)],
                body: Array(#"{"message":"scripted"}"#.utf8))
        case .broken: throw TransportError(CURLE_RECV_ERROR, endpoint: "127.0.0.1:1")
        case .silence:
            try await Task.sleep(for: .seconds(600))
            throw TransportError(CURLE_RECV_ERROR, endpoint: "127.0.0.1:1")
        }
    }

    private func response(_ status: Int, fields: [HTTPField] = [], body: [UInt8]) -> HTTPResponse {
        let buffer = pool.buffer(capacity: body.count)
        body.withUnsafeBytes { buffer.append($0) }
        return HTTPResponse(status: status, fields: fields, body: buffer)
    }
}
