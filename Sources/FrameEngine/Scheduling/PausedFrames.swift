import Synchronization

/// The frames that wait for their next attempt: they need no memory meanwhile, and others go before them. Thread-safe.
final class PausedFrames: Sendable {
    private let waiting = Mutex(0)

    /// How many wait at this moment.
    var count: Int { waiting.withLock { $0 } }

    /// Runs `wait` with nothing of the frame's share of the memory held, which its caller takes again afterwards.
    func whileWaiting<Value: Sendable>(
        lending lease: AsyncBudget.Lease, _ wait: () async throws -> Value
    ) async rethrows -> Value {
        waiting.withLock { $0 += 1 }
        defer { waiting.withLock { $0 -= 1 } }
        lease.adjust(to: 0)
        return try await wait()
    }
}
