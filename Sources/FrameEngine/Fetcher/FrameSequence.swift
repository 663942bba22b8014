/// The frames of a plan, fetched while they are iterated.
///
/// *Complete*: every planned frame is an element, in the order asked for: a ``FetchedFrame`` whose checksum was right,
/// or a ``FailedFrame`` that says why there is none. `try result.get()` stops at the first that failed. An iteration
/// throws only for what every other frame would meet too (refused credentials, a service that is not there, a fetcher
/// that was shut down), after the frames that were ready, and so never ends early without an error.
///
/// *No faster than its reader*: nothing is fetched before the first element is asked for, and no more than the
/// fetcher's `framesAhead` frames and `memoryLimitInBytes` beyond what the program has taken. Frames that the program
/// holds count; a program that holds more than the limit gets one frame at a time, and is never left waiting for itself.
///
/// *Structured*: leaving the loop, or cancelling the task that iterates, ends the transfers at once and the work on
/// frames in hand as soon as they are decoded. A cancelled task gets a `CancellationError`.
///
/// Each iterator fetches anew. An iterator belongs to one task.
public struct FrameSequence: AsyncSequence, Sendable {
    /// A verified frame, or why there is none.
    public typealias Element = Result<FetchedFrame, FailedFrame>
    public typealias Failure = any Error

    let fetcher: FrameFetcher
    let frames: [PlannedFrame]
    let order: FrameOrder

    public func makeAsyncIterator() -> Iterator {
        Iterator(run: FrameRun(fetcher: fetcher, frames: frames, order: order))
    }

    /// One reading of the frames.
    public struct Iterator: AsyncIteratorProtocol {
        /// Ends the run with the last copy of the iterator.
        private final class Hold {
            let run: FrameRun

            init(run: FrameRun) { self.run = run }

            deinit { run.abandon() }
        }

        private let hold: Hold

        init(run: FrameRun) { hold = Hold(run: run) }

        /// The run behind it, for tests.
        var run: FrameRun { hold.run }

        /// The next frame, or nil when there are no more.
        ///
        /// - Throws: a `StageError` that ended the iteration early, or `CancellationError`; nil comes after it.
        public mutating func next() async throws -> Element? {
            try await hold.run.next()
        }

        /// The same, for loops on an actor.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws -> Element? {
            try await hold.run.next()
        }
    }
}
