/// Which faults a local server injects, how often, and into what.
///
/// Read from one line: `seed=7,429=0.05,503=2%:1-3s,truncate=0.05,latency=lognormal(40ms,0.5),quota=200/s`. The grammar
/// is in docs/local-data-store.md and in `help`.
public struct FaultPlan: Sendable, Hashable {
    /// One sort of fault and how often it is drawn.
    public struct Rule: Sendable, Hashable {
        public var kind: FaultKind
        /// Of all requests in scope, 0 to 1.
        public var rate: Double
        /// What `Retry-After` says, in seconds; nil for none.
        public var retryAfter: ClosedRange<Double>?
        /// For `drip`.
        public var bytesPerSecond: Int?

        init(
            _ kind: FaultKind, rate: Double, retryAfter: ClosedRange<Double>? = nil,
            bytesPerSecond: Int? = nil
        ) {
            self.kind = kind
            self.rate = rate
            self.retryAfter = retryAfter
            self.bytesPerSecond = bytesPerSecond
        }
    }

    /// Which operations are concerned.
    public enum Scope: String, Sendable, CaseIterable {
        /// GetImageFrame.
        case frames
        /// GetImageSetMetadata.
        case metadata
        /// Every operation.
        case all
    }

    /// A token bucket: so many requests a second, and so many at once after a pause.
    public struct Quota: Sendable, Hashable {
        public var perSecond: Double
        public var burst: Double
    }

    /// Equal plans with equal seeds draw equal faults.
    public var seed: UInt64 = 0
    public var scope = Scope.frames
    /// At most so many faults in a row for one frame; nil for no end: then a frame that meets a fault meets it always.
    public var repeatLimit: Int? = 2
    /// Their rates add up to 1 at most.
    public var rules: [Rule] = []
    public var latency: LatencyDistribution?
    public var quota: Quota?
    /// An HTTP/2 connection with more requests in progress is dropped.
    public var streamLimit: Int?
    /// With more requests in progress on all connections together, that of the newest is dropped.
    public var requestLimit: Int?

    /// The rule that a number from 0 up to 1 falls on; nil where no fault is drawn.
    func rule(at unit: Double) -> Rule? {
        var sum = 0.0
        for rule in rules {
            sum += rule.rate
            if unit < sum { return rule }
        }
        return nil
    }

    func covers(_ operation: Operation?) -> Bool {
        switch (scope, operation) {
        case (.all, _), (.frames, .getImageFrame), (.metadata, .getImageSetMetadata): true
        default: false
        }
    }
}
