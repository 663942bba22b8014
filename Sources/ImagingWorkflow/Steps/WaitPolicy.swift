/// How often something is asked for, and for how long.
package struct WaitPolicy: Sendable {
    /// Between the first two questions; each later one is half as long again, up to `longestInterval`.
    package var interval: Duration
    package var longestInterval: Duration
    /// From the first question; nil for no end.
    package var limit: Duration?
    package var clock: any Clock<Duration>

    package init(
        interval: Duration = .seconds(2), longestInterval: Duration = .seconds(10), limit: Duration? = nil,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.interval = interval
        self.longestInterval = max(interval, longestInterval)
        self.limit = limit
        self.clock = clock
    }

    /// Asks until there is an answer. The first question comes at once, the last not before the limit.
    ///
    /// - Parameter late: the error for when the limit is over.
    /// - Throws: what `ask` throws, `late`, and `CancellationError` at once when the task is cancelled.
    package func answer<Answer>(
        late: @autoclosure () -> StepError, _ ask: () async throws -> Answer?
    ) async throws -> Answer {
        try await Self.answer(on: clock, self, late: late(), ask)
    }

    private static func answer<Answer, C: Clock<Duration>>(
        on clock: C, _ policy: WaitPolicy, late: @autoclosure () -> StepError,
        _ ask: () async throws -> Answer?
    ) async throws -> Answer {
        let start = clock.now
        var interval = policy.interval
        while true {
            try Task.checkCancellation()
            if let answer = try await ask() { return answer }
            if let limit = policy.limit {
                let left = limit - start.duration(to: clock.now)
                guard left > .zero else { throw late() }
                try await clock.sleep(for: min(interval, left))
            } else {
                try await clock.sleep(for: interval)
            }
            interval = min(interval * 3 / 2, policy.longestInterval)
        }
    }
}
