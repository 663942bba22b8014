import Synchronization

/// Whether the service answers at all: what tells an outage, which is waited out, from a frame that fails alone.
///
/// An answer is any HTTP response but a server error: also a refusal or a request to slow down. Thread-safe.
public final class ServiceHealth: Sendable {
    /// How long an outage is waited out when the service has answered before.
    public let patience: Duration
    private let lastAnswer = Mutex<ContinuousClock.Instant?>(nil)

    public init(patience: Duration = .seconds(60)) {
        self.patience = patience
    }

    public func noteAnswer() {
        lastAnswer.withLock { $0 = .now }
    }

    /// Whether there has been any answer since this was made.
    public var hasAnswered: Bool { lastAnswer.withLock { $0 != nil } }

    /// Whether the service answered once and has been silent for longer than the patience lasts.
    public var isGone: Bool {
        guard let last = lastAnswer.withLock({ $0 }) else { return false }
        return last.duration(to: .now) >= patience
    }

    /// Whether the service answered once, and has not been silent for longer than the patience lasts.
    public var isWorthWaitingFor: Bool { hasAnswered && !isGone }
}

extension StageError {
    /// Whether the service did not answer, or only said that it cannot. Throttling is an answer.
    var isServiceUnavailable: Bool {
        if let error = self as? TransportError {
            return [.unreachable, .timeout, .interrupted].contains(error.kind)
        }
        if let error = self as? ServiceError { return error.kind == .server }
        // Something else answers in its place.
        return self is UnexpectedContentError
    }
}
