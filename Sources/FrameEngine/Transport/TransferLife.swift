/// The life of one transfer as a value: events in, what to do out. It touches no network and takes no lock.
///
/// `Waiter` is whoever awaits the answer. The machine hands it out exactly once, whichever of "finished" and
/// "cancelled" comes first; that a waiter is resumed exactly once follows from it.
///
/// ```
/// new ──submit──▶ queued ──start──▶ running ──finish──▶ over
///  └───cancel──────┴────cancel───────┴─────────────────▶ over
/// ```
struct TransferLife<Waiter: Sendable>: Sendable {
    private enum State: Sendable {
        case new
        case queued(Waiter)
        case running(Waiter)
        case over
    }

    /// What `submit` asks for.
    enum SubmitAction {
        /// Give the transfer to its loop.
        case enqueue
        /// It was cancelled before it was submitted: resume the waiter, tell nobody else.
        case resumeCancelled(Waiter)
    }

    /// What `cancel` asks for.
    enum CancelAction {
        /// Nobody waits yet (the coming `submit` will learn of it), or the answer is out already.
        case nothing
        /// Resume the waiter; the loop has not begun and will skip the transfer when it comes to it.
        case resume(Waiter)
        /// Resume the waiter, and have the loop drop what it has begun.
        case resumeAndStop(Waiter)
    }

    private var state = State.new

    /// The caller waits from now on.
    mutating func submit(_ waiter: Waiter) -> SubmitAction {
        switch state {
        case .new:
            state = .queued(waiter)
            return .enqueue
        case .queued, .running, .over:
            return .resumeCancelled(waiter)
        }
    }

    /// The loop is about to begin. False when there is nothing to do any more.
    mutating func start() -> Bool {
        guard case .queued(let waiter) = state else { return false }
        state = .running(waiter)
        return true
    }

    /// The transfer has an outcome. Nil when nobody waits for it any more.
    mutating func finish() -> Waiter? {
        defer { state = .over }
        switch state {
        case .queued(let waiter), .running(let waiter): return waiter
        case .new, .over: return nil
        }
    }

    /// The caller has lost interest.
    mutating func cancel() -> CancelAction {
        defer { state = .over }
        switch state {
        case .new, .over: return .nothing
        case .queued(let waiter): return .resume(waiter)
        case .running(let waiter): return .resumeAndStop(waiter)
        }
    }
}
