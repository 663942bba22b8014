import Testing

@testable import FrameEngine

@Suite("How many requests are in flight")
struct ConcurrencyGovernorTests {
    private static let most = 256
    static let seeds: [UInt64] = [1, 2, 3]

    private func run(_ link: SimulatedLink, seconds: Double = 60, seed: UInt64 = 1) -> SimulatedLink.Run {
        var governor = ConcurrencyGovernor(start: 32, range: 1...Self.most)
        return link.run(&governor, seconds: seconds, seed: seed)
    }

    @Test(
        "90 % of the best fixed number's throughput, at any latency and capacity",
        arguments: [0.005, 0.04, 0.15], seeds)
    func throughput(latency: Double, seed: UInt64) {
        for capacity in [150.0, 600, 1_500, .infinity] {
            let link = SimulatedLink(latency: latency, capacity: capacity, jitter: 0.3)
            let found = run(link, seed: seed).throughput
            #expect(
                found >= 0.9 * link.best(upTo: Self.most),
                "latency \(latency), capacity \(capacity), seed \(seed)")
        }
    }

    @Test("a long latency is filled within a few seconds")
    func startsFast() {
        let link = SimulatedLink(latency: 0.15)
        var governor = ConcurrencyGovernor(start: 32, range: 1...Self.most)
        _ = link.run(&governor, seconds: 4, seed: 1)
        #expect(governor.limit >= 200)
    }

    @Test("probes that change nothing become rarer, and cost next to nothing in a long run")
    func rareProbes() {
        let link = SimulatedLink(latency: 0.15)
        #expect(run(link, seconds: 120).throughput >= 0.985 * link.best(upTo: Self.most))
    }

    @Test("where more requests bring nothing, no more are made than it takes", arguments: seeds)
    func staysSmall(seed: UInt64) {
        let link = SimulatedLink(latency: 0.005, capacity: 1_000, jitter: 0.2)
        let limits = run(link, seed: seed).limits.suffix(20)
        #expect(limits.allSatisfy { $0 <= 32 }, "\(limits)")
    }

    @Test("without demand for more, the number stays")
    func withoutDemand() {
        let link = SimulatedLink(latency: 0.005, demand: 8)
        #expect(run(link).limits.isEmpty)
    }

    @Test("connections that break beyond a number of requests keep the number below it most of the time")
    func breakingConnections() {
        let link = SimulatedLink(latency: 0.04, breaksBeyond: 60)
        let found = run(link, seconds: 120)
        #expect(found.throughput >= 0.7 * 60 / 0.04)
    }

    @Test("failures that do not depend on the number of requests do not slow the run down", arguments: seeds)
    func randomFailures(seed: UInt64) {
        let link = SimulatedLink(latency: 0.04, capacity: 1_000, failureShare: 0.2)
        #expect(run(link, seconds: 120, seed: seed).throughput >= 0.8 * link.best(upTo: Self.most))
    }

    @Test("the number stays within its range")
    func range() {
        var governor = ConcurrencyGovernor(start: 500, range: 1...4)
        #expect(governor.limit == 4)
        let limits = SimulatedLink(latency: 0.01, failureShare: 0.9).run(&governor, seconds: 30, seed: 4)
            .limits
        #expect(limits.allSatisfy { (1...4).contains($0) })
    }
}
