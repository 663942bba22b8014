import Testing

@testable import ImagingWorkflow

@Suite struct WaitPolicyTests {
    private static let late = StepError(.timeout, "late")

    @Test("The first question comes at once: an answer that is there costs no wait")
    func atOnce() async throws {
        let policy = WaitPolicy(interval: .seconds(3_600), limit: .zero)
        #expect(try await policy.answer(late: Self.late) { 7 } == 7)
    }

    @Test("It is asked again until there is an answer, and what asking throws is thrown")
    func again() async throws {
        let policy = WaitPolicy(interval: .microseconds(1))
        var asked = 0
        let answer = try await policy.answer(late: Self.late) {
            asked += 1
            return asked == 5 ? asked : nil
        }
        #expect(answer == 5)
        await #expect(throws: CancellationError.self) {
            try await policy.answer(late: Self.late) { () -> Int? in throw CancellationError() }
        }
    }

    @Test("A question that is never answered ends in the given error, after one more at the limit")
    func limit() async throws {
        let policy = WaitPolicy(interval: .milliseconds(1), limit: .milliseconds(5))
        var asked = 0
        await #expect(throws: Self.late) {
            try await policy.answer(late: Self.late) { () -> Int? in
                asked += 1
                return nil
            }
        }
        #expect(asked >= 2)
    }
}
