import Testing

@testable import FrameEngine

@Suite("The budget for bytes and requests in flight")
struct AsyncBudgetTests {
    @Test("never more than the limit is held, whatever the number of takers")
    func neverBeyondLimit() async throws {
        let budget = AsyncBudget(limit: 10)
        let held = Shared((now: 0, most: 0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<500 {
                group.addTask {
                    let amount = 1 + index % 7
                    let lease = try await budget.take(amount)
                    held.withLock {
                        $0.now += amount
                        $0.most = max($0.most, $0.now)
                    }
                    await Task.yield()
                    held.withLock { $0.now -= amount }
                    lease.release()
                }
            }
            try await group.waitForAll()
        }
        #expect(held.value.most <= 10)
        #expect(held.value.now == 0)
    }

    @Test("a taker of more than the whole gets the whole, alone, and later ones wait behind it")
    func largerThanLimit() async throws {
        let budget = AsyncBudget(limit: 100)
        let small = try await budget.take(1)
        let order = Shared<[String]>([])
        let large = Task {
            let lease = try await budget.take(1_000)
            order.withLock { $0.append("large") }
            lease.release()
        }
        while budget.waiterCount == 0 { await Task.yield() }
        let late = Task {
            let lease = try await budget.take(1)
            order.withLock { $0.append("late") }
            lease.release()
        }
        while budget.waiterCount < 2 { await Task.yield() }
        small.release()
        try await large.value
        try await late.value
        #expect(order.value == ["large", "late"])
    }

    @Test("a cancelled taker gives up its place and holds nothing")
    func cancellation() async throws {
        let budget = AsyncBudget(limit: 1)
        let lease = try await budget.take(1)
        let waiting = Task { try await budget.take(1) }
        while budget.waiterCount == 0 { await Task.yield() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        lease.release()
        let next = try await budget.take(1)
        next.release()
    }

    @Test("tasks cancelled at any moment leave the whole budget free in the end")
    func cancellationStorm() async throws {
        let budget = AsyncBudget(limit: 3)
        for _ in 0..<300 {
            let tasks = (0..<8).map { index in
                Task {
                    let lease = try await budget.take(1 + index % 3)
                    await Task.yield()
                    lease.release()
                }
            }
            for (index, task) in tasks.enumerated() where index % 2 == 0 { task.cancel() }
            for task in tasks { _ = await task.result }
        }
        let all = try await budget.take(3)
        #expect(budget.waiterCount == 0)
        all.release()
    }

    @Test("an amount corrected upwards makes later takers wait until it is given back")
    func adjust() async throws {
        let budget = AsyncBudget(limit: 10)
        let lease = try await budget.take(2)
        lease.adjust(to: 25)
        let waiting = Task { try await budget.take(1).release() }
        while budget.waiterCount == 0 { await Task.yield() }
        lease.release()
        lease.release()
        try await waiting.value
        let all = try await budget.take(10)
        all.release()
    }

    @Test("taking at once never waits, and never passes by those who do")
    func takeNow() async throws {
        let budget = AsyncBudget(limit: 10)
        let first = try #require(budget.takeNow(6))
        #expect(budget.takeNow(5) == nil)
        let waiting = Task { try await budget.take(8) }
        while budget.waiterCount == 0 { await Task.yield() }
        #expect(budget.takeNow(1) == nil)
        first.release()
        try await waiting.value.release()
        #expect(budget.takeNow(100) != nil)
    }

    @Test("what is overdrawn is paid back before anybody else gets something")
    func overdraw() throws {
        let budget = AsyncBudget(limit: 10)
        let first = try #require(budget.takeNow(10))
        let second = budget.overdraw(7)
        first.release()
        #expect(budget.takeNow(4) == nil)
        second.release()
        #expect(budget.takeNow(10) != nil)
    }
}
