import Synchronization

/// A frame that was verified: asking for it again tells a service that is gone from frames that fail alone. Thread-safe.
final class CanaryFrame: Sendable {
    private struct State {
        var frame: PlannedFrame?
        /// When the last question was asked that had an answer.
        var answered: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    /// One question at a time: its answer is not counted anywhere, and serves all who wait.
    private let turn = AsyncBudget(limit: 1)

    /// Remembers the first one.
    func note(_ frame: PlannedFrame) {
        state.withLock { if $0.frame == nil { $0.frame = frame } }
    }

    /// Whether there is a frame to ask for.
    var exists: Bool { state.withLock { $0.frame != nil } }

    /// Whether anybody who asked for the frame after `moment` had an answer; asks where nobody had.
    ///
    /// - Parameter ask: requests the frame; whether there was an answer.
    /// - Throws: `CancellationError`.
    func isAnswered(
        after moment: ContinuousClock.Instant, _ ask: (PlannedFrame) async -> Bool
    ) async throws -> Bool {
        let turn = try await turn.take(1)
        defer { turn.release() }
        let (frame, answered) = state.withLock { ($0.frame, $0.answered) }
        if let answered, answered >= moment { return true }
        guard let frame else { return false }
        let asked = ContinuousClock.now
        guard await ask(frame) else { return false }
        state.withLock { $0.answered = asked }
        return true
    }
}
