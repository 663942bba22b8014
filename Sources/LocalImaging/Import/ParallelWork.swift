import Foundation
import Synchronization

/// Numbered jobs on threads of their own, so that Swift's cooperative pool only awaits.
///
/// Each thread makes one context (an encoder and its scratch memory) and takes the next number until none is left,
/// so at most `workers` jobs exist at any time and memory does not depend on their count.
enum ParallelWork {
    private struct State {
        var next = 0
        var running: Int
        var failure: (any Error)?
        var continuation: CheckedContinuation<Void, any Error>?
    }

    private final class Shared: Sendable {
        let state: Mutex<State>
        let count: Int

        init(count: Int, workers: Int) {
            self.count = count
            state = Mutex(State(running: workers))
        }

        func take() -> Int? {
            state.withLock { state in
                guard state.failure == nil, state.next < count else { return nil }
                state.next += 1
                return state.next - 1
            }
        }

        func fail(_ error: any Error) {
            state.withLock { $0.failure = $0.failure ?? error }
        }

        /// Called once by each thread at its end; the last one resumes the caller.
        func leave() {
            let last: (CheckedContinuation<Void, any Error>, (any Error)?)? = state.withLock { state in
                state.running -= 1
                guard state.running == 0, let continuation = state.continuation else { return nil }
                return (continuation, state.failure)
            }
            guard let (continuation, failure) = last else { return }
            if let failure { continuation.resume(throwing: failure) } else { continuation.resume() }
        }
    }

    /// Runs `job` for 0..<count, each number once, in no fixed order. The first error stops the taking of further
    /// numbers and is thrown when all threads have ended; cancellation does the same with `CancellationError`.
    static func run<Context>(
        count: Int, workers: Int, name: String,
        makeContext: @escaping @Sendable () -> Context,
        job: @escaping @Sendable (Int, Context) throws -> Void
    ) async throws {
        guard count > 0 else { return }
        let workers = max(1, min(workers, count))
        let shared = Shared(count: count, workers: workers)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                shared.state.withLock { $0.continuation = continuation }
                for index in 0..<workers {
                    let thread = Thread {
                        let context = makeContext()
                        while let number = shared.take() {
                            do { try job(number, context) } catch { shared.fail(error) }
                        }
                        shared.leave()
                    }
                    thread.name = "\(name)-\(index)"
                    // DCMTK parses nested sequences by recursion; address space is free, only what is touched counts.
                    thread.stackSize = 64 << 20
                    thread.start()
                }
            }
        } onCancel: {
            shared.fail(CancellationError())
        }
    }
}
