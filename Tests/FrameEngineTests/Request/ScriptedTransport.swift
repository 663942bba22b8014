import Foundation
import Synchronization

@testable import FrameEngine

/// A transport that answers from a list and remembers what it was asked.
final class ScriptedTransport: HTTPTransport {
    enum Answer: Sendable {
        case status(Int, [HTTPField], [UInt8])
        case failure(Failure)

        static func json(_ text: String, status: Int = 200, fields: [HTTPField] = []) -> Answer {
            .status(status, fields + [HTTPField("Content-Type", "application/json")], Array(text.utf8))
        }
    }

    struct Failure: StageError {
        var isRetryable: Bool
        var stage: Stage { .transport }
        var code: String { "scripted" }
        var message: String { "scripted failure" }
    }

    /// Asked more often than there are answers.
    struct OutOfAnswers: Error {}

    private struct State {
        var answers: [Answer]
        var requests: [HTTPRequest] = []
        var bodyLimits: [Int] = []
    }

    private let state: Mutex<State>
    private let pool = BufferPool()

    init(_ answers: [Answer]) {
        state = Mutex(State(answers: answers))
    }

    var requests: [HTTPRequest] { state.withLock { $0.requests } }
    var bodyLimits: [Int] { state.withLock { $0.bodyLimits } }

    func send(_ request: HTTPRequest, bodySizeHint: Int?, bodyLimit: Int) async throws -> HTTPResponse {
        let answer: Answer? = state.withLock { state in
            state.requests.append(request)
            state.bodyLimits.append(bodyLimit)
            return state.answers.isEmpty ? nil : state.answers.removeFirst()
        }
        switch answer {
        case .status(let status, let fields, let bytes):
            return Self.response(status, fields: fields, body: bytes, pool: pool)
        case .failure(let failure):
            throw failure
        case nil:
            throw OutOfAnswers()
        }
    }

    static func response(
        _ status: Int, fields: [HTTPField] = [], body: [UInt8] = [], pool: BufferPool = BufferPool()
    ) -> HTTPResponse {
        let buffer = pool.buffer(capacity: body.count)
        body.withUnsafeBytes { buffer.append($0) }
        return HTTPResponse(status: status, fields: fields, body: buffer)
    }
}
