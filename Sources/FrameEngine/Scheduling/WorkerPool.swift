import Dispatch
import Foundation
import Synchronization

/// Threads that do the work that takes a core: decode, verify, write.
///
/// Each thread makes one `Context` (a decoder and its scratch memory) and keeps it for life, so nothing is
/// shared between workers and nothing is allocated per frame. Work is done first come, first served. The
/// cooperative thread pool of Swift only awaits results; it is never blocked. The threads keep the pool alive
/// until `shutDown()`.
public final class WorkerPool<Context>: Sendable {
    private typealias Job = @Sendable (Context) -> Void

    private struct Queue {
        /// Taken jobs are nil: what they hold, a frame's bytes, must not live until the array is compacted.
        var jobs: [Job?] = []
        var next = 0
        /// Threads that are doing a job.
        var busy = 0
        var isClosed = false

        mutating func take() -> Job? {
            guard next < jobs.count else { return nil }
            let job = jobs[next]
            jobs[next] = nil
            next += 1
            busy += 1
            if next > 256, next * 2 > jobs.count {
                jobs.removeFirst(next)
                next = 0
            }
            return job
        }
    }

    private let queue = Mutex(Queue())
    private let available = DispatchSemaphore(value: 0)
    private let finished = DispatchGroup()

    /// The number of threads.
    public let count: Int

    /// Starts `count` threads; each calls `makeContext` with its index, on itself.
    public init(count: Int, name: String, makeContext: @escaping @Sendable (Int) -> Context) {
        self.count = max(1, count)
        for index in 0..<self.count {
            finished.enter()
            let thread = Thread { [self] in
                work(with: makeContext(index))
                finished.leave()
            }
            thread.name = "\(name)-\(index)"
            // The deepest user is OpenJPEG; musl's and Foundation's defaults are too small to rely on.
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    /// Runs `job` on one of the threads and returns what it returns.
    public func run<Result: Sendable>(_ job: @escaping @Sendable (Context) -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            queue.withLock { queue in
                precondition(!queue.isClosed, "the pool was shut down while work was still being submitted")
                queue.jobs.append { context in continuation.resume(returning: job(context)) }
            }
            available.signal()
        }
    }

    /// Runs `work` once on each of at most `most` threads that have nothing to do, and returns on how many.
    ///
    /// Never waits, and never lets anything queue behind `work`: where all threads are busy nobody is lent.
    public func lend(upTo most: Int, _ work: @escaping @Sendable () -> Void) -> Int {
        let lent = queue.withLock { queue in
            let idle = queue.isClosed ? 0 : count - queue.busy - (queue.jobs.count - queue.next)
            let lent = max(min(idle, most), 0)
            for _ in 0..<lent { queue.jobs.append { _ in work() } }
            return lent
        }
        for _ in 0..<lent { available.signal() }
        return lent
    }

    /// Lets the threads finish what is queued, then ends them. Blocks until they have ended.
    public func shutDown() {
        queue.withLock { $0.isClosed = true }
        for _ in 0..<count { available.signal() }
        finished.wait()
    }

    private func work(with context: Context) {
        while true {
            available.wait()
            guard let job = queue.withLock({ $0.take() }) else { return }
            job(context)
            queue.withLock { $0.busy -= 1 }
        }
    }
}
