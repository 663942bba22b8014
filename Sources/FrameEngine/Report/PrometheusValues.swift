import CoreMetrics
import Synchronization

/// A count that only grows.
final class PrometheusCounter: CounterHandler {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }

    func increment(by amount: Int64) { count.wrappingAdd(Int(amount), ordering: .relaxed) }

    func reset() { count.store(0, ordering: .relaxed) }
}

/// A value that goes up and down.
final class PrometheusGauge: MeterHandler, RecorderHandler {
    private let state = Mutex(0.0)

    var value: Double { state.withLock { $0 } }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { state.withLock { $0 = value } }
    func increment(by amount: Double) { state.withLock { $0 += amount } }
    func decrement(by amount: Double) { state.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
}

/// How values are distributed: how many are at most as large as each bound, how many there are, and their sum.
final class PrometheusHistogram: TimerHandler, RecorderHandler {
    /// From half a millisecond, a small frame's decoding, to a minute, a large one's way over a slow link.
    static let seconds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]
    /// For values of unknown meaning.
    static let magnitudes: [Double] = (0...9).map { exponent in
        (0..<exponent).reduce(1) { value, _ in value * 10 }
    }

    private struct State {
        /// Values in each bucket alone; one more bucket than bounds, for those beyond the last.
        var counts: [Int]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    /// - Parameter bounds: ascending; a value that is equal to a bound is in its bucket.
    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) * 1e-9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    /// The lines of the text: what follows the name, the bound as a label, and the value.
    var samples: [PrometheusText.Sample] {
        let state = state.withLock { $0 }
        var total = 0
        var samples: [PrometheusText.Sample] = []
        for (index, count) in state.counts.enumerated() {
            total += count
            let bound = index < bounds.count ? PrometheusText.number(bounds[index]) : "+Inf"
            samples.append(("_bucket", "le=\"\(bound)\"", "\(total)"))
        }
        samples.append(("_sum", "", PrometheusText.number(state.sum)))
        samples.append(("_count", "", "\(total)"))
        return samples
    }
}
