import Synchronization

/// Where finished frames wait for their reader, and what tells the fetching side how far ahead it may go.
///
/// One task reads, one task admits frames (`waitForRoom`, `waitForHunger`, `begin`), any number finish them.
/// Thread-safe.
final class FrameDelivery: Sendable {
    enum Ending {
        /// Every frame was finished.
        case complete
        /// There are frames that nobody gets.
        case stopped(any Error)
    }

    /// How things stand, as the fetching side's conditions see them.
    private struct Counts {
        /// Frames that were begun and have not been taken.
        var ahead = 0
        /// Frames that were begun and are not finished.
        var working = 0
        /// Whether the reader waits for an element.
        var isReaderWaiting = false
        var isClosed = false
    }

    private struct Waiter {
        let condition: @Sendable (Counts) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var counts = Counts()
        var ready: ReadyFrames
        var ending: Ending?
        var reader: CheckedContinuation<FrameSequence.Element?, any Error>?
        var admitter: Waiter?

        /// The next element, the end, or nil when the reader has to wait.
        mutating func answer() -> Result<FrameSequence.Element?, any Error>? {
            if counts.isClosed { return .failure(CancellationError()) }
            if let element = ready.take(isLast: ending != nil) {
                counts.ahead -= 1
                return .success(element)
            }
            switch ending {
            case .complete: return .success(nil)
            case .stopped(let error):
                // Told once; then the iteration is over, as that of any sequence that threw.
                ending = .complete
                return .failure(error)
            case nil: return nil
            }
        }
    }

    private let state: Mutex<State>

    init(order: FrameOrder) {
        state = Mutex(State(ready: ReadyFrames(order: order)))
    }

    /// Frames that were begun and not taken, and how many of them are not finished, for tests.
    var counts: (ahead: Int, working: Int) { state.withLock { ($0.counts.ahead, $0.counts.working) } }
    /// Whether the fetching side waits for the reader, for tests.
    var isAdmitterWaiting: Bool { state.withLock { $0.admitter != nil } }

    // MARK: The reader

    /// The next element; nil after the last.
    func next() async throws -> FrameSequence.Element? {
        try await withCheckedThrowingContinuation { continuation in
            change { state in
                precondition(
                    state.reader == nil, "an iterator belongs to one task: two wait for the next frame")
                state.reader = continuation
            }
        }
    }

    /// Lets go of what is ready, and of a reader that waits: it gets a `CancellationError`.
    func close() {
        let dropped = change { state in
            state.counts.isClosed = true
            return state.ready.removeAll()
        }
        // Outside the lock: the frames' shares of the budget wake others.
        _ = consume dropped
    }

    // MARK: The frames

    /// Waits until fewer than `limit` frames are ahead of the reader; also returns when the task is cancelled or nobody
    /// reads any more.
    func waitForRoom(below limit: Int) async {
        await wait { $0.ahead < limit }
    }

    /// Waits until the reader waits for a frame and none is on its way; also returns as `waitForRoom` does.
    func waitForHunger() async {
        await wait { $0.isReaderWaiting && $0.working == 0 }
    }

    /// A frame is on its way.
    func begin() {
        change { state in
            state.counts.ahead += 1
            state.counts.working += 1
        }
    }

    /// A frame is finished, well or not. `number` is its place in the plan.
    func finish(_ element: FrameSequence.Element, number: Int) {
        let refused: FrameSequence.Element? = change { state in
            state.counts.working -= 1
            guard !state.counts.isClosed else {
                state.counts.ahead -= 1
                return element
            }
            state.ready.add(element, number: number)
            return nil
        }
        _ = consume refused
    }

    /// A frame that was begun will never be finished.
    func drop() {
        change { state in
            state.counts.working -= 1
            state.counts.ahead -= 1
        }
    }

    /// No frame is on its way any more, and none will be. The first ending counts.
    func end(_ ending: Ending) {
        change { state in
            if state.ending == nil { state.ending = ending }
        }
    }

    // MARK: Waking

    private func wait(until condition: @escaping @Sendable (Counts) -> Bool) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                change { state in
                    // Under the lock, which the handler below takes too: a cancellation is seen here or there.
                    let isCancelled = Task.isCancelled
                    state.admitter = Waiter(
                        condition: { isCancelled || condition($0) }, continuation: continuation)
                }
            }
        } onCancel: {
            let waiting = state.withLock { state in
                defer { state.admitter = nil }
                return state.admitter?.continuation
            }
            waiting?.resume()
        }
    }

    /// Who is woken after a change, outside the lock.
    private struct Wakes: Sendable {
        var reader: CheckedContinuation<FrameSequence.Element?, any Error>?
        var answer: Result<FrameSequence.Element?, any Error> = .success(nil)
        var admitter: CheckedContinuation<Void, Never>?
    }

    /// Changes the state, and then wakes whoever has been waiting for that.
    @discardableResult
    private func change<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
        let (value, wakes) = state.withLock { state in
            let value = body(&state)
            return (value, Self.wakes(in: &state))
        }
        wakes.reader?.resume(with: wakes.answer)
        wakes.admitter?.resume()
        return value
    }

    private static func wakes(in state: inout State) -> Wakes {
        var wakes = Wakes()
        if let reader = state.reader, let answer = state.answer() {
            state.reader = nil
            wakes.reader = reader
            wakes.answer = answer
        }
        state.counts.isReaderWaiting = state.reader != nil
        if let admitter = state.admitter, state.counts.isClosed || admitter.condition(state.counts) {
            state.admitter = nil
            wakes.admitter = admitter.continuation
        }
        return wakes
    }
}
