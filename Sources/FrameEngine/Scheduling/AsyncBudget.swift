import Synchronization

/// An amount shared by many tasks, given out first come, first served.
///
/// Two uses: the bytes in flight (`amount` = bytes) and the requests in flight (`amount` = 1 each). A taker that
/// asks for more than the whole waits until nobody else holds anything and then gets it all, so one large frame
/// runs alone and is never starved. Thread-safe.
public final class AsyncBudget: Sendable {
    /// What a taker holds; `release()` gives it back, and so does letting go of the last reference.
    public final class Lease: Sendable {
        private let budget: AsyncBudget
        private let held: Mutex<Int>

        fileprivate init(budget: AsyncBudget, amount: Int) {
            self.budget = budget
            held = Mutex(amount)
        }

        deinit { release() }

        /// Gives everything back. Calling it again does nothing.
        public func release() {
            adjust(to: 0)
        }

        /// Corrects the amount once it is known. Never waits: holding more than was free makes later takers wait.
        public func adjust(to amount: Int) {
            let difference = held.withLock { held in
                defer { held = amount }
                return held - amount
            }
            if difference != 0 { budget.giveBack(difference) }
        }
    }

    private struct Waiter {
        let id: UInt64
        let amount: Int
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var limit: Int
        /// Below zero when more is held than there is: after a correction, or a smaller limit.
        var free: Int
        var nextID: UInt64 = 0
        var waiters: [Waiter] = []
        var firstWaiter = 0
        /// Takers that have an id and are not yet in the queue; a cancel may reach them first.
        var arriving: Set<UInt64> = []
    }

    private let state: Mutex<State>

    public init(limit: Int) {
        state = Mutex(State(limit: max(1, limit), free: max(1, limit)))
    }

    /// The whole amount.
    public var limit: Int { state.withLock { $0.limit } }

    /// Whether everything is given out.
    var isExhausted: Bool { state.withLock { $0.free <= 0 } }

    /// Changes the whole amount. When it shrinks below what is held, later takers wait until enough came back.
    public func resize(to limit: Int) {
        let difference = state.withLock { state in
            defer { state.limit = max(1, limit) }
            return max(1, limit) - state.limit
        }
        if difference != 0 { giveBack(difference) }
    }

    /// How many takers wait, for tests and reports.
    var waiterCount: Int { state.withLock { $0.waiters.count - $0.firstWaiter } }

    /// Waits for its turn and for `amount` to be free, and takes it.
    ///
    /// - Throws: `CancellationError` when the task is cancelled while it waits.
    public func take(_ amount: Int) async throws -> Lease {
        let (id, amount) = state.withLock { state in
            state.nextID += 1
            state.arriving.insert(state.nextID)
            return (state.nextID, min(max(amount, 0), state.limit))
        }
        let granted = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                enqueue(Waiter(id: id, amount: amount, continuation: continuation))
            }
        } onCancel: {
            cancel(id)
        }
        guard granted else { throw CancellationError() }
        return Lease(budget: self, amount: amount)
    }

    /// Takes `amount` if it is free and nobody waits for it; never waits itself.
    func takeNow(_ amount: Int) -> Lease? {
        let granted: Int? = state.withLock { state in
            let amount = min(max(amount, 0), state.limit)
            guard state.firstWaiter == state.waiters.count, amount <= state.free else { return nil }
            state.free -= amount
            return amount
        }
        return granted.map { Lease(budget: self, amount: $0) }
    }

    /// Takes `amount` whether it is free or not, and never waits: later takers wait until enough came back.
    ///
    /// For who could wait for ever otherwise, because those who hold the budget wait for him.
    func overdraw(_ amount: Int) -> Lease {
        let amount = state.withLock { state in
            let amount = min(max(amount, 0), state.limit)
            state.free -= amount
            return amount
        }
        return Lease(budget: self, amount: amount)
    }

    private func enqueue(_ waiter: Waiter) {
        let answer: Bool? = state.withLock { state in
            // No longer arriving: the cancel came first.
            guard state.arriving.remove(waiter.id) != nil else { return false }
            if state.firstWaiter == state.waiters.count, waiter.amount <= state.free {
                state.free -= waiter.amount
                return true
            }
            state.waiters.append(waiter)
            return nil
        }
        if let answer { waiter.continuation.resume(returning: answer) }
    }

    private func cancel(_ id: UInt64) {
        let waiting: CheckedContinuation<Bool, Never>? = state.withLock { state in
            let queue = state.waiters[state.firstWaiter...]
            guard let index = queue.firstIndex(where: { $0.id == id }) else {
                // Not queued: still on its way (then its registration finds the mark gone) or already served.
                state.arriving.remove(id)
                return nil
            }
            return state.waiters.remove(at: index).continuation
        }
        waiting?.resume(returning: false)
        // It may have stood before smaller ones that fit.
        giveBack(0)
    }

    private func giveBack(_ amount: Int) {
        let ready: [CheckedContinuation<Bool, Never>] = state.withLock { state in
            state.free += amount
            var ready: [CheckedContinuation<Bool, Never>] = []
            while state.firstWaiter < state.waiters.count,
                state.waiters[state.firstWaiter].amount <= state.free
            {
                let waiter = state.waiters[state.firstWaiter]
                state.firstWaiter += 1
                state.free -= waiter.amount
                ready.append(waiter.continuation)
            }
            if state.firstWaiter > 64, state.firstWaiter * 2 > state.waiters.count {
                state.waiters.removeFirst(state.firstWaiter)
                state.firstWaiter = 0
            }
            return ready
        }
        for continuation in ready { continuation.resume(returning: true) }
    }
}
