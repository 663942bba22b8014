import Synchronization

/// Decides which request meets which fault, and counts what was injected. Any thread.
final class FaultInjector: Sendable {
    /// What one request drew.
    struct Draw {
        /// Which request for the same thing since its last whole answer.
        let attempt: Int
        /// Nil: no fault.
        let rule: FaultPlan.Rule?
        let dice: FaultDice
        /// Which other frame is taken for this one. Not the same twice in a row: clients take what comes twice for
        /// what is stored.
        let sibling: Int
    }

    private struct State {
        /// Requests since the last one that drew no fault. What was answered whole is forgotten, so this does not
        /// grow with the number of frames.
        var attempts: [String: Int] = [:]
        var bucket: TokenBucket?
        var injected: InjectedFaults
    }

    let plan: FaultPlan
    private let log: FaultLog?
    private let state: Mutex<State>

    init(_ plan: FaultPlan, log: FaultLog? = nil) {
        self.plan = plan
        self.log = log
        state = Mutex(
            State(
                bucket: plan.quota.map { TokenBucket($0, now: .now) },
                injected: InjectedFaults(seed: plan.seed)))
    }

    var injected: InjectedFaults { state.withLock { $0.injected } }

    /// Counts a request in scope.
    func noteRequest() { state.withLock { $0.injected.requests += 1 } }

    /// Whether the quota lets a request through.
    func admits(at now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { $0.bucket?.take(now: now) ?? true }
    }

    /// What the next request for `key` meets. By the seed, the key and the number of requests for the key alone.
    func draw(_ key: String) -> Draw {
        state.withLock { state in
            let attempt = state.attempts[key, default: 0] + 1
            // A fault that never heals is the same each time.
            let turn = plan.repeatLimit == nil ? 1 : attempt
            let dice = FaultDice(seed: plan.seed, key: key, attempt: turn)
            var rule = plan.rule(at: dice.unit(.kind))
            if let limit = plan.repeatLimit, attempt > limit { rule = nil }
            state.attempts[key] = rule.map(\.kind.deliversAll) == false ? attempt : nil
            let first = FaultDice(seed: plan.seed, key: key, attempt: 0).below(1 << 20, .place)
            return Draw(attempt: attempt, rule: rule, dice: dice, sibling: first + turn)
        }
    }

    /// How long the answer is held back.
    func latency(_ dice: FaultDice) -> Duration? {
        plan.latency.map { .seconds($0.seconds(dice.unit(.latency), dice.unit(.latencySecond))) }
    }

    /// Counts a fault, and logs it.
    func note(_ entry: FaultLog.Entry) {
        state.withLock { $0.injected.faults[entry.fault, default: 0] += 1 }
        log?.append(entry)
    }
}
