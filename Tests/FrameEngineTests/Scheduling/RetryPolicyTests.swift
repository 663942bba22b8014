import Testing

@testable import FrameEngine

@Suite("The retry policy")
struct RetryPolicyTests {
    @Test("waits double up to the cap, with full jitter")
    func delays() {
        let policy = RetryPolicy(attempts: 4, base: .milliseconds(100), cap: .seconds(1))
        #expect(policy.delay(after: 1, random: 1) == .milliseconds(100))
        #expect(policy.delay(after: 3, random: 1) == .milliseconds(400))
        #expect(policy.delay(after: 9, random: 1) == .seconds(1))
        #expect(policy.delay(after: 64, random: 1) == .seconds(1))
        #expect(policy.delay(after: 3, random: 0.5) == .milliseconds(200))
        #expect(policy.delay(after: 3, random: 0) == .zero)
    }

    @Test("what the server asks for is a lower bound, up to a limit")
    func retryAfter() {
        let policy = RetryPolicy(retryAfterCap: .seconds(60))
        #expect(policy.delay(after: 1, retryAfter: .seconds(5), random: 0) == .seconds(5))
        #expect(policy.delay(after: 1, retryAfter: .seconds(86_400), random: 0) == .seconds(60))
    }

    @Test("attempts are bounded and at least one")
    func attempts() {
        #expect(RetryPolicy(attempts: 3).allowsAttempt(after: 2))
        #expect(!RetryPolicy(attempts: 3).allowsAttempt(after: 3))
        #expect(RetryPolicy(attempts: 0).attempts == 1)
    }
    @Test(
        "whoever was refused at a rate that is known to be too high waits two seconds at most, or what the server asks for"
    )
    func paced() {
        let policy = RetryPolicy()
        #expect(policy.delay(after: 2, isPaced: true, random: 1) == .seconds(1))
        #expect(policy.delay(after: 10, isPaced: true, random: 1) == .seconds(2))
        #expect(policy.delay(after: 10, random: 1) == .seconds(20))
        #expect(policy.delay(after: 10, retryAfter: .seconds(9), isPaced: true, random: 1) == .seconds(9))
        let hasty = RetryPolicy(cap: .milliseconds(1))
        #expect(hasty.delay(after: 10, isPaced: true, random: 1) == .milliseconds(1))
    }
}
