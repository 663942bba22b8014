import Testing

@testable import FrameEngine

@Suite("Pace of deletions")
struct DeletePacerTests {
    @Test("lets one go every four seconds, the first at once, and a pause is not made up for")
    func quota() {
        let start = ContinuousClock.now
        let pacer = DeletePacer(now: start)
        #expect(pacer.reserve(at: start) == .zero)
        #expect(pacer.reserve(at: start) == .seconds(4))
        #expect(pacer.reserve(at: start + .seconds(1)) == .seconds(7))
        let later = start + .seconds(100)
        #expect(pacer.reserve(at: later) == .zero)
        #expect(pacer.reserve(at: later) == .seconds(4))
    }

    @Test("tells how long so many will take")
    func timeLeft() {
        let start = ContinuousClock.now
        let pacer = DeletePacer(now: start)
        #expect(pacer.timeLeft(for: 0, at: start) == .zero)
        #expect(pacer.timeLeft(for: 1, at: start) == .zero)
        #expect(pacer.timeLeft(for: 100, at: start) == .seconds(396))
        _ = pacer.reserve(at: start)
        #expect(pacer.timeLeft(for: 99, at: start) == .seconds(396))
        #expect(pacer.timeLeft(for: 99, at: start + .seconds(2)) == .seconds(394))
        #expect(pacer.timeLeft(for: -1, at: start) == .zero)
    }

    @Test("does not hold anybody up where there is no quota")
    func noQuota() {
        let start = ContinuousClock.now
        let pacer = DeletePacer(rate: nil, now: start)
        #expect((0..<100).allSatisfy { _ in pacer.reserve(at: start) == .zero })
        #expect(pacer.timeLeft(for: 1_000, at: start) == .zero)
    }
}
