import Testing

@testable import FrameEngine

@Suite("How fast requests are sent")
struct RequestPacerTests {
    /// A service with a token bucket of its own, in simulated time; `workers` clients that ask again at once.
    private struct Quota {
        var rate: Double
        var burst: Double

        /// - Returns: requests let through and refused each second.
        func run(
            _ pacer: RequestPacer, from start: ContinuousClock.Instant, seconds: Int, latency: Duration,
            clients: Int
        )
            -> [(accepted: Int, refused: Int)]
        {
            var tokens = burst
            var filled = start
            var history = [(accepted: Int, refused: Int)](repeating: (0, 0), count: seconds)
            var clients = (0..<clients).map {
                Client(next: start + latency * Double($0) / 64, stage: .wanting)
            }
            let end = start + .seconds(seconds)
            while let index = clients.indices.min(by: { clients[$0].next < clients[$1].next }) {
                let now = clients[index].next
                guard now < end else { break }
                switch clients[index].stage {
                case .wanting:
                    clients[index].stage = pacer.reserve(at: now).map { .queued($0) } ?? .sending
                case .queued(let ticket):
                    let wait = pacer.wait(for: ticket, at: now)
                    clients[index] =
                        wait > .zero
                        ? Client(
                            next: now + max(.microseconds(1), min(wait, .milliseconds(500))),
                            stage: .queued(ticket))
                        : Client(next: now, stage: .sending)
                case .sending:
                    tokens = min(burst, tokens + rate * (filled.duration(to: now) / .seconds(1)))
                    filled = now
                    let isAccepted = tokens >= 1
                    if isAccepted { tokens -= 1 }
                    clients[index] = Client(next: now + latency, stage: .waiting(isAccepted: isAccepted))
                case .waiting(let isAccepted):
                    let second = Int(start.duration(to: now) / .seconds(1))
                    if isAccepted { history[second].accepted += 1 } else { history[second].refused += 1 }
                    pacer.note(refused: !isAccepted, at: now)
                    clients[index].stage = .wanting
                }
            }
            return history
        }

        private struct Client {
            enum Stage {
                case wanting, sending
                case queued(RequestPacer.Ticket)
                case waiting(isAccepted: Bool)
            }

            var next: ContinuousClock.Instant
            var stage: Stage
        }
    }

    /// How long the next taker waits, as things stand.
    private static func wait(_ pacer: RequestPacer, at now: ContinuousClock.Instant) throws -> Duration {
        pacer.wait(for: try #require(pacer.reserve(at: now)), at: now)
    }

    @Test("without a ceiling and without refusals nothing waits")
    func unlimited() {
        let pacer = RequestPacer(ceiling: nil)
        let start = ContinuousClock.now
        for index in 0..<10_000 {
            #expect(pacer.reserve(at: start) == nil)
            pacer.note(refused: false, at: start + .milliseconds(index))
        }
        #expect(pacer.rate == nil)
    }

    @Test("a ceiling holds in the long run, with a burst of twice as many at first")
    func ceiling() throws {
        let start = ContinuousClock.now
        let pacer = RequestPacer(ceiling: 100, now: start)
        let waits = try (0..<500).map { _ in try Self.wait(pacer, at: start) }
        #expect(waits.prefix(200).allSatisfy { $0 == .zero })
        #expect(abs(waits[299] / .seconds(1) - 1) < 0.001)
        #expect(abs(waits[499] / .seconds(1) - 3) < 0.001)
        // An hour later there is a burst again, not an hour's worth of tokens.
        let later = try (0..<1_000).map { _ in try Self.wait(pacer, at: start + .seconds(3_600)) }
        #expect(later.prefix(200).allSatisfy { $0 == .zero })
        #expect(later[999] > .seconds(7.9))
    }

    @Test("a quota is found and used to nine tenths, with few refusals", arguments: [5, 40, 150])
    func quota(latencyMilliseconds: Int) {
        let start = ContinuousClock.now
        let pacer = RequestPacer(ceiling: nil, now: start)
        let history = Quota(rate: 200, burst: 400).run(
            pacer, from: start, seconds: 60, latency: .milliseconds(latencyMilliseconds), clients: 64)
        #expect(pacer.isHeldBack)
        let settled = history[10...]
        let accepted = settled.reduce(0) { $0 + $1.accepted }
        let refused = settled.reduce(0) { $0 + $1.refused }
        #expect(accepted >= 180 * settled.count, "\(accepted / settled.count) a second")
        #expect(refused * 5 <= accepted, "\(refused) refused, \(accepted) let through")
    }

    @Test(
        "a thousand that ask at once do not go by a rate of long ago: a quota is found with a queue of any length"
    )
    func longQueue() {
        let start = ContinuousClock.now
        let pacer = RequestPacer(ceiling: nil, now: start)
        let history = Quota(rate: 200, burst: 200).run(
            pacer, from: start, seconds: 8, latency: .milliseconds(20), clients: 300)
        let settled = history[3...]
        #expect(pacer.isHeldBack)
        #expect(settled.reduce(0) { $0 + $1.accepted } >= 180 * settled.count)
        #expect(settled.reduce(0) { $0 + $1.refused } <= 20 * settled.count)
    }

    @Test("a wait is by the rate of the moment")
    func slowerMeanwhile() throws {
        let start = ContinuousClock.now
        let pacer = RequestPacer(ceiling: 1_000, burst: 1, now: start)
        let tickets = try (0..<501).map { _ in try #require(pacer.reserve(at: start)) }
        #expect(pacer.wait(for: tickets[500], at: start) == .milliseconds(500))
        // A hundred of a thousand are let through in half a second.
        for index in 0..<1_000 {
            pacer.note(refused: index % 10 != 0, at: start + .microseconds(500 * index))
        }
        pacer.note(refused: true, at: start + .milliseconds(500))
        let rate = try #require(pacer.rate)
        #expect(rate < 250)
        let late = try #require(pacer.reserve(at: start + .milliseconds(500)))
        #expect(pacer.wait(for: late, at: start + .milliseconds(500)) >= .seconds(0.9 / rate))
    }

    @Test("when the quota is lifted the rate grows back")
    func recovery() {
        let start = ContinuousClock.now
        let pacer = RequestPacer(ceiling: 1_000, now: start)
        _ = Quota(rate: 50, burst: 1).run(
            pacer, from: start, seconds: 20, latency: .milliseconds(20), clients: 64)
        #expect((pacer.rate ?? 0) < 100)
        #expect(pacer.isHeldBack)
        _ = Quota(rate: 1e9, burst: 1e9).run(
            pacer, from: start + .seconds(20), seconds: 60, latency: .milliseconds(20), clients: 64)
        #expect(pacer.rate == 1_000)
        #expect(!pacer.isHeldBack)
    }

    @Test("refusals that come at random do not make the run slower and slower")
    func randomRefusals() {
        let start = ContinuousClock.now
        let pacer = RequestPacer(ceiling: nil, now: start)
        var random = SeededGenerator(seed: 5)
        var now = start
        for _ in 0..<60_000 {
            let wait = pacer.reserve(at: now).map { pacer.wait(for: $0, at: now) } ?? .zero
            now += max(.milliseconds(1), wait)
            pacer.note(refused: Double.random(in: 0..<1, using: &random) < 0.2, at: now)
        }
        // A thousand a second are possible; falling ever lower would take hours for as many.
        #expect(start.duration(to: now) < .seconds(120))
    }

    @Test("a cancelled wait ends at once")
    func cancellation() async throws {
        let pacer = RequestPacer(ceiling: 1, burst: 1)
        for _ in 0..<1_000 { _ = pacer.reserve(at: .now) }
        let waiting = Task { try await pacer.take() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }
}
