/// A quota with a burst: full at first, refilled evenly.
struct TokenBucket {
    private let quota: FaultPlan.Quota
    private var tokens: Double
    private var last: ContinuousClock.Instant

    init(_ quota: FaultPlan.Quota, now: ContinuousClock.Instant) {
        self.quota = quota
        tokens = quota.burst
        last = now
    }

    /// Takes one token; false where there is none.
    mutating func take(now: ContinuousClock.Instant) -> Bool {
        let elapsed = max(0, (now - last) / .seconds(1))
        tokens = min(quota.burst, tokens + elapsed * quota.perSecond)
        last = now
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
