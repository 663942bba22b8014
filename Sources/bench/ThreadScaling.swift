import Foundation
import FrameEngine
import Synchronization

/// Many frames with several threads beside the same with one: what sharing the machine costs a decoder.
///
/// Every thread has its own core, its own decoder, made and warmed before the clock starts, and the whole set to
/// decode again and again, at least `leastRounds` times and for a quarter of a second.
struct ThreadScaling {
    struct Figure {
        /// Wall time in which every thread decodes the set once.
        let seconds: Double
        /// Throughput of all threads over that of one; `threads` is the ideal.
        let ratio: Double
    }

    static let leastRounds = 20

    let inputs: [DecodeBenchmark.Input]
    let repeats: Int
    let threads: Int

    /// One figure a kind. `secondsPerSet`: what one thread takes for the set, to choose the number of rounds.
    func measure(_ kinds: [DecoderKind], secondsPerSet: [Double]) throws -> [Figure] {
        let cores = try CorePinning.cores()
        var alone = kinds.map { _ in [Double]() }
        var together = alone
        for turn in 0..<repeats {
            for kind in kinds.indices {
                let rounds = max(Self.leastRounds, Int((0.25 / secondsPerSet[kind]).rounded(.up)))
                // Alternately first, since the machine may slow down or speed up meanwhile.
                for isAlone in turn % 2 == 0 ? [true, false] : [false, true] {
                    let seconds = try Self.seconds(
                        kinds[kind], inputs, rounds: rounds, threads: isAlone ? 1 : threads, cores: cores)
                    if isAlone { alone[kind].append(seconds) } else { together[kind].append(seconds) }
                }
            }
        }
        return kinds.indices.map { kind in
            let (one, all) = (
                DecodeBenchmark.median(alone[kind]), DecodeBenchmark.median(together[kind])
            )
            return Figure(seconds: all, ratio: Double(threads) * one / all)
        }
    }

    /// Wall time for one round, from the start of all threads to the end of the last.
    private static func seconds(
        _ kind: DecoderKind, _ inputs: [DecodeBenchmark.Input], rounds: Int, threads: Int, cores: [Int]
    ) throws -> Double {
        let start = StartLine(threads: threads)
        let finished = DispatchGroup()
        for index in 0..<threads {
            finished.enter()
            let thread = Thread {
                start.run(on: cores[index % cores.count], kind, inputs, rounds: rounds)
                finished.leave()
            }
            thread.stackSize = 8 << 20
            thread.start()
        }
        finished.wait()
        return try start.seconds() / Double(rounds)
    }
}

/// Lets threads begin together, and keeps what became of them.
private final class StartLine: Sendable {
    private struct State {
        var first = ContinuousClock.now
        var last = ContinuousClock.now
        var failure: (any Error)?
    }

    private let missing: Atomic<Int>
    private let state = Mutex(State())

    init(threads: Int) { missing = Atomic(threads) }

    /// On a thread of its own.
    func run(on core: Int, _ kind: DecoderKind, _ inputs: [DecodeBenchmark.Input], rounds: Int) {
        do {
            try CorePinning.stay(on: core)
            var decoder = kind.make()
            for input in inputs { _ = try decoder.decode(input.encoded) }
            // A spinning wait: nobody is late because of a wake-up.
            missing.subtract(1, ordering: .sequentiallyConsistent)
            while missing.load(ordering: .acquiring) > 0 { sched_yield() }
            let first = ContinuousClock.now
            for _ in 0..<rounds {
                for input in inputs { _ = try decoder.decode(input.encoded).checksum }
            }
            let last = ContinuousClock.now
            state.withLock { state in
                state.first = min(state.first, first)
                state.last = max(state.last, last)
            }
        } catch {
            // The others must not wait for ever.
            missing.subtract(1, ordering: .sequentiallyConsistent)
            state.withLock { $0.failure = error }
        }
    }

    func seconds() throws -> Double {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            return state.first.duration(to: state.last).inSeconds
        }
    }
}
