/// How often and how fast something that failed is tried again.
///
/// Exponential backoff with full jitter: before attempt n + 1 the wait is random in 0 ... min(cap, base x 2^(n-1)),
/// and at least what the server asked for in `Retry-After`.
public struct RetryPolicy: Sendable {
    /// Attempts in all, the first included; at least 1.
    public var attempts: Int
    public var base: Duration
    public var cap: Duration
    /// The cap where something that was refused is asked for again at a rate that the service lets through: the pacer
    /// spaces all requests then, and a long wait of a single one would only make the run's end late.
    public var pacedCap: Duration
    /// The longest `Retry-After` that is honoured.
    public var retryAfterCap: Duration

    public init(
        attempts: Int = 6, base: Duration = .milliseconds(500), cap: Duration = .seconds(20),
        pacedCap: Duration = .seconds(2), retryAfterCap: Duration = .seconds(60)
    ) {
        self.attempts = max(1, attempts)
        self.base = base
        self.cap = cap
        self.pacedCap = pacedCap
        self.retryAfterCap = retryAfterCap
    }

    /// Whether another attempt is allowed after `failed` failed ones.
    public func allowsAttempt(after failed: Int) -> Bool { failed < attempts }

    /// The wait after the `failed`th failure (1-based).
    ///
    /// - Parameter isPaced: whether a pacer has learned how much the service lets through, and it was too much.
    public func delay(
        after failed: Int, retryAfter: Duration? = nil, isPaced: Bool = false,
        random: Double = .random(in: 0..<1)
    ) -> Duration {
        let ceiling = min(isPaced ? min(pacedCap, cap) : cap, base * (1 << min(max(failed - 1, 0), 20)))
        let jittered = ceiling * random
        guard let retryAfter else { return jittered }
        return max(jittered, min(retryAfter, retryAfterCap))
    }
}
