import Synchronization

/// Spaces calls of DeleteImageSet out: the service's quota is one in four seconds, and whoever calls faster is refused.
///
/// One pacer for all who delete in one account and region. Thread-safe.
public final class DeletePacer: Sendable {
    /// The documented quota, calls a second.
    public static let documentedRate = 0.25

    private let interval: Duration
    /// When the next call may go.
    private let next: Mutex<ContinuousClock.Instant>

    /// - Parameter rate: calls a second; nil where there is no quota.
    public init(rate: Double? = DeletePacer.documentedRate, now: ContinuousClock.Instant = .now) {
        interval = rate.map { .seconds(1 / max($0, 0.001)) } ?? .zero
        next = Mutex(now)
    }

    /// How long until `count` more calls have been sent; zero for none.
    public func timeLeft(for count: Int, at now: ContinuousClock.Instant = .now) -> Duration {
        guard count > 0 else { return .zero }
        return max(now.duration(to: next.withLock { $0 }), .zero) + interval * (count - 1)
    }

    /// Waits until a call may be sent.
    ///
    /// - Throws: `CancellationError`; the turn is lost then, which delays others by one call at most.
    public func take() async throws {
        let wait = reserve(at: .now)
        if wait > .zero { try await Task.sleep(for: wait) }
    }

    /// Takes the next turn and answers how long it is until then.
    func reserve(at now: ContinuousClock.Instant) -> Duration {
        next.withLock { next in
            let turn = max(next, now)
            next = turn + interval
            return now.duration(to: turn)
        }
    }
}
