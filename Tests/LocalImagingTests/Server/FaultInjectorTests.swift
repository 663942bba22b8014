import Foundation
import Testing

@testable import LocalImaging

@Suite("Drawing faults")
struct FaultInjectorTests {
    private let frames = (0..<2000).map { "frame\($0)" }

    private func injector(_ spec: String) throws -> FaultInjector {
        FaultInjector(try FaultPlan(parsing: spec))
    }

    /// What each frame meets, until it is answered whole.
    private func fates(_ injector: FaultInjector, _ frames: [String]) -> [String: [String]] {
        var fates: [String: [String]] = [:]
        for frame in frames {
            var draw = injector.draw(frame)
            while let rule = draw.rule, !rule.kind.deliversAll {
                fates[frame, default: []].append("\(rule.kind) \(draw.dice.below(1000, .place))")
                draw = injector.draw(frame)
            }
        }
        return fates
    }

    @Test("the same seed gives each frame the same faults, in whatever order the requests come")
    func deterministic() throws {
        let spec = "seed=3,flip=0.1,reset=0.2,429=0.1,repeat=4"
        let forwards = fates(try injector(spec), frames)
        #expect(fates(try injector(spec), frames.reversed()) == forwards)
        let turns = try injector(spec)
        var mixed: [String: [String]] = [:]
        var open = frames
        // One request a frame, round by round, as many clients at once would send them.
        while !open.isEmpty {
            open = open.filter { frame in
                let draw = turns.draw(frame)
                guard let rule = draw.rule else { return false }
                mixed[frame, default: []].append("\(rule.kind) \(draw.dice.below(1000, .place))")
                return true
            }
        }
        #expect(mixed == forwards)
        #expect(fates(try injector("seed=4,flip=0.1,reset=0.2,429=0.1,repeat=4"), frames) != forwards)
    }

    @Test("the same run again meets the same faults again")
    func again() throws {
        let injector = try injector("seed=5,short=0.3")
        #expect(fates(injector, frames) == fates(injector, frames))
    }

    @Test("rates are kept: within five standard deviations over 20,000 frames")
    func rates() throws {
        let injector = try injector("seed=1,flip=0.05,truncate=0.2,repeat=1")
        let drawn = (0..<20_000).compactMap { injector.draw("f\($0)").rule?.kind }
        let flips = Double(drawn.count { $0 == .flip })
        let cuts = Double(drawn.count { $0 == .truncate })
        #expect(abs(flips - 1000) < 5 * (20_000 * 0.05 * 0.95).squareRoot())
        #expect(abs(cuts - 4000) < 5 * (20_000 * 0.2 * 0.8).squareRoot())
    }

    @Test("no frame meets more faults in a row than repeat says", arguments: [1, 2, 7])
    func heals(_ limit: Int) throws {
        let injector = try injector("close=1,repeat=\(limit)")
        for frame in frames.prefix(50) {
            for attempt in 1...limit {
                let draw = injector.draw(frame)
                #expect(draw.attempt == attempt)
                #expect(draw.rule?.kind == .close)
            }
            #expect(injector.draw(frame).rule == nil)
        }
    }

    @Test(
        "with repeat=always a frame meets the same fault at the same place for ever, and another frame never")
    func always() throws {
        let injector = try injector("seed=2,404=0.2,flip=0.2,repeat=always")
        var kinds: Set<FaultKind?> = []
        for frame in frames.prefix(100) {
            let first = injector.draw(frame)
            kinds.insert(first.rule?.kind)
            for _ in 0..<10 {
                let next = injector.draw(frame)
                #expect(next.rule == first.rule)
                #expect(next.dice.below(1 << 20, .place) == first.dice.below(1 << 20, .place))
            }
        }
        #expect(kinds == [nil, .missing, .flip])
    }

    @Test("places are spread over the whole body")
    func places() {
        let places = frames.map { FaultDice(seed: 1, key: $0, attempt: 1).below(10, .place) }
        #expect(Set(places) == Set(0..<10))
        #expect(frames.allSatisfy { FaultDice(seed: 1, key: $0, attempt: 1).below(1, .place) == 0 })
    }

    @Test("a quota lets its burst through, then its rate, and no more")
    func quota() {
        let start = ContinuousClock.now
        var bucket = TokenBucket(.init(perSecond: 10, burst: 5), now: start)
        #expect((0..<20).count { _ in bucket.take(now: start) } == 5)
        #expect((0..<20).count { _ in bucket.take(now: start + .milliseconds(350)) } == 3)
        // However long the pause: never more than the burst at once.
        #expect((0..<20).count { _ in bucket.take(now: start + .seconds(60)) } == 5)
    }

    @Test("latencies have the distribution that was asked for")
    func latency() {
        func sorted(_ distribution: LatencyDistribution) -> [Double] {
            frames.map { frame in
                let dice = FaultDice(seed: 9, key: frame, attempt: 1)
                return distribution.seconds(dice.unit(.latency), dice.unit(.latencySecond))
            }.sorted()
        }
        #expect(Set(sorted(.constant(0.04))) == [0.04])
        let uniform = sorted(.uniform(1...3))
        #expect(uniform[0] >= 1 && uniform[1999] <= 3 && abs(uniform[1000] - 2) < 0.15)
        let lognormal = sorted(.lognormal(median: 0.04, sigma: 0.5))
        #expect(abs(lognormal[1000] / 0.04 - 1) < 0.1)
        // One standard deviation above the mean of the logarithm: 84 of 100 are below.
        #expect(abs(lognormal[1682] / (0.04 * exp(0.5)) - 1) < 0.15)
        let pareto = sorted(.pareto(least: 0.01, alpha: 2))
        #expect(pareto[0] >= 0.01 && abs(pareto[1000] / (0.01 * 2.0.squareRoot()) - 1) < 0.1)
        #expect(sorted(.pareto(least: 1, alpha: 0.5)).last == LatencyDistribution.limit)
    }

    @Test("what was injected is counted and logged, each with its frame and attempt")
    func log() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "faults-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let injector = FaultInjector(try FaultPlan(parsing: "seed=8,flip=1"), log: try FaultLog(path: path))
        for attempt in 1...3 {
            injector.noteRequest()
            injector.note(
                .init(
                    operation: "GetImageFrame", frame: "f", attempt: attempt, fault: "flip", detail: "bit 1"))
        }
        #expect(injector.injected.seed == 8)
        #expect(injector.injected.requests == 3)
        #expect(injector.injected.faults == ["flip": 3])
        let lines = (1...3).map {
            #"{"attempt":\#($0),"detail":"bit 1","fault":"flip","frame":"f","operation":"GetImageFrame"}"#
        }
        let written = try String(contentsOfFile: path, encoding: .utf8)
        #expect(written == lines.joined(separator: "\n") + "\n")
    }

    @Test("a log that cannot be written is an error before anything is served")
    func unwritableLog() throws {
        let error = try #require(throws: LocalServerError.self) { try FaultLog(path: "/proc/none/log") }
        #expect(error.message.contains("/proc/none/log"))
    }
}
