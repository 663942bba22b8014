import Testing

@testable import FrameEngine

@Suite("The worker threads")
struct WorkerPoolTests {
    @Test("every job runs once, on a thread with a context of its own")
    func allJobs() async {
        final class Context { var jobs = 0 }
        let pool = WorkerPool(count: 3, name: "test") { _ in Context() }
        let total = await withTaskGroup(of: Int.self) { group in
            for index in 0..<2_000 {
                group.addTask {
                    await pool.run { context in
                        context.jobs += 1
                        return index
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(total == 2_000 * 1_999 / 2)
        pool.shutDown()
    }
}

extension WorkerPoolTests {
    @Test("what a job holds is let go when the job is done")
    func releases() async {
        final class Held: Sendable {}
        let pool = WorkerPool(count: 1, name: "test") { _ in () }
        weak var watched: Held?
        do {
            let held = Held()
            watched = held
            await pool.run { _ in _ = held }
        }
        // The thread drops its own reference after it has told the result: one more job, and it has.
        await pool.run { _ in }
        #expect(watched == nil)
        pool.shutDown()
    }
}
