/// Finds how many requests in flight are worth it, from how many answers come in.
///
/// Hill climbing on throughput, in epochs of twice as many answers as there are requests in flight. At first the
/// number doubles as long as that pays; then it is probed from time to time, a quarter up and a fifth down, and the
/// smallest number that gives the throughput is kept. Probes that change nothing become rarer. Latency alone is no guide: it varies by itself, and grows with
/// the size of frames. Epochs in which not all requests were wanted (the decoders or the memory limit are slower than
/// the link) say nothing and change nothing.
///
/// A value without a clock of its own, so that tests run it against a simulated link.
struct ConcurrencyGovernor {
    enum Completion {
        case answered
        /// The connection was lost, or the service said that it cannot (5xx).
        case failed
    }

    private enum Phase: Equatable {
        /// Doubling; the best throughput so far.
        case climbing(best: Double)
        /// Keeping the number; epochs until the next probe.
        case holding(epochs: Int)
        case probingUp
        case probingDown
    }

    private static let epochSeconds = 0.1...2.0
    private static let leastCompletions = 16
    /// Epochs between two probes: doubled from one to the next as long as probing changes nothing.
    private static let epochsBetweenProbes = (least: 5, most: 40)
    /// Throughput must grow by so much for a larger number to be kept, and may shrink by so much for a smaller one.
    private static let gain = (climbing: 1.2, probing: 1.04)
    private static let loss = 0.98

    private(set) var limit: Int
    let range: ClosedRange<Int>

    private var phase = Phase.climbing(best: 0)
    /// What was kept: its number, and its throughput as a moving average.
    private var kept: Int
    private var keptThroughput = 0.0
    private var pause = epochsBetweenProbes.least
    private var judge = SlowdownJudge()
    private var limitBeforeCuts: Int?

    private var epochStart = 0.0
    private var answered = 0
    private var failed = 0
    private var saturated = 0

    init(start: Int, range: ClosedRange<Int>) {
        self.range = range
        limit = min(max(start, range.lowerBound), range.upperBound)
        kept = limit
    }

    /// Takes note of a request that ended.
    ///
    /// - Parameters:
    ///   - isSaturated: whether another request was waiting for its turn, or all turns were taken, when it ended.
    ///   - seconds: the time, from any fixed moment on.
    /// - Returns: whether `limit` changed.
    mutating func note(_ completion: Completion, isSaturated: Bool, at seconds: Double) -> Bool {
        switch completion {
        case .answered: answered += 1
        case .failed: failed += 1
        }
        if isSaturated { saturated += 1 }
        let total = answered + failed
        let elapsed = seconds - epochStart
        // New connections need some round trips before they carry anything; a probe has to see past that.
        let turns = phase == .probingUp ? 4 : 2
        let isFull =
            total >= max(Self.leastCompletions, turns * limit) && elapsed >= Self.epochSeconds.lowerBound
        guard isFull || (elapsed >= Self.epochSeconds.upperBound && total >= Self.leastCompletions / 2) else {
            return false
        }
        let before = limit
        endEpoch(throughput: Double(answered) / max(elapsed, 1e-6), isSaturated: 2 * saturated > total)
        epochStart = seconds
        answered = 0
        failed = 0
        saturated = 0
        return limit != before
    }

    private mutating func endEpoch(throughput: Double, isSaturated: Bool) {
        switch judge.judge(refused: failed, answered: answered) {
        case .slowDown:
            // Older cuts were undone by probing since.
            if (limitBeforeCuts ?? 0) < limit { limitBeforeCuts = limit }
            keep(limit * 7 / 10, throughput: 0)
            return
        case .pointless:
            keep(limitBeforeCuts ?? limit, throughput: 0)
            limitBeforeCuts = nil
            return
        case .fine:
            break
        }
        guard isSaturated else {
            // A probe without demand proved nothing.
            if phase == .probingUp || phase == .probingDown { hold() }
            return
        }
        step(throughput)
    }

    private mutating func step(_ throughput: Double) {
        switch phase {
        case .climbing(let best):
            if throughput >= Self.gain.climbing * best {
                kept = limit
                keptThroughput = throughput
                phase = .climbing(best: throughput)
                if limit == range.upperBound { keep(limit, throughput: throughput) }
                set(limit * 2)
            } else {
                // Half of the last step: the top lies between the number before and this one.
                keep((kept + limit + 1) / 2, throughput: max(throughput, keptThroughput))
            }
        case .holding(let epochs):
            keptThroughput =
                keptThroughput == 0 ? throughput : keptThroughput + (throughput - keptThroughput) / 4
            if epochs > 0 {
                phase = .holding(epochs: epochs - 1)
            } else if kept < range.upperBound {
                phase = .probingUp
                set(kept + max(1, kept / 4))
            } else {
                probeDown()
            }
        case .probingUp:
            if throughput >= Self.gain.probing * keptThroughput {
                kept = limit
                keptThroughput = throughput
                // It pays: go on at once.
                if limit < range.upperBound {
                    set(kept + max(1, kept / 4))
                } else {
                    keep(kept, throughput: throughput)
                }
            } else {
                probeDown()
            }
        case .probingDown:
            if throughput >= Self.loss * keptThroughput {
                keep(limit, throughput: keptThroughput)
            } else {
                hold()
            }
        }
    }

    private mutating func probeDown() {
        phase = .probingDown
        set(kept - max(1, kept / 5))
        if limit == kept { hold() }
    }

    /// Goes back to what was kept; the next probe comes later than the last one did.
    private mutating func hold() {
        let longer = min(2 * pause, Self.epochsBetweenProbes.most)
        keep(kept, throughput: keptThroughput)
        pause = longer
        phase = .holding(epochs: pause)
    }

    private mutating func keep(_ number: Int, throughput: Double) {
        set(number)
        kept = limit
        keptThroughput = throughput
        pause = Self.epochsBetweenProbes.least
        phase = .holding(epochs: pause)
    }

    private mutating func set(_ number: Int) {
        limit = min(max(number, range.lowerBound), range.upperBound)
    }
}
