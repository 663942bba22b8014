@testable import FrameEngine

/// A link and a service for the governor, in simulated time: `latency` for each request, `capacity` answers a second at
/// most, some of them failing. No clock and no threads, so a minute of it takes a moment and gives the same result always.
struct SimulatedLink {
    /// Seconds of a request that does not queue.
    var latency: Double
    /// Answers a second that link and service manage.
    var capacity = Double.infinity
    /// Latency varies by this factor up and down, evenly.
    var jitter = 0.0
    var failureShare = 0.0
    /// Requests in flight beyond which connections break; nil for none.
    var breaksBeyond: Int?
    /// Requests that the rest of the program wants in flight; nil for any number.
    var demand: Int?

    struct Run {
        /// Answers a second over the second half of the time.
        var throughput: Double
        var limits: [Int]
    }

    /// Runs `governor` for `seconds` of simulated time.
    func run(_ governor: inout ConcurrencyGovernor, seconds: Double, seed: UInt64) -> Run {
        var random = SeededGenerator(seed: seed)
        var now = 0.0
        var counter = 0.0
        var answers = 0
        var limits: [Int] = []
        while now < seconds {
            let wanted = min(governor.limit, demand ?? .max)
            let delay = latency * (1 + jitter * (Double.random(in: -1...1, using: &random)))
            let rate = min(Double(wanted) / delay, capacity)
            now += 1 / rate
            let breaks = breaksBeyond.map { wanted > $0 } ?? false
            let failed =
                breaks
                ? counter.truncatingRemainder(dividingBy: 2) == 0
                : Double.random(in: 0..<1, using: &random) < failureShare
            counter += 1
            if !failed, now > seconds / 2 { answers += 1 }
            if governor.note(failed ? .failed : .answered, isSaturated: wanted == governor.limit, at: now) {
                limits.append(governor.limit)
            }
        }
        return Run(throughput: Double(answers) / (seconds / 2), limits: limits)
    }

    /// Answers a second with the best fixed number of requests in flight.
    func best(upTo most: Int) -> Double {
        min(Double(min(most, demand ?? .max)) / latency, capacity) * (1 - failureShare)
    }
}
