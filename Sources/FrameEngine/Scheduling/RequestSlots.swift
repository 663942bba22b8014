import Synchronization

/// The requests in flight: how many there may be, given out first come, first served.
///
/// A fixed number, or one that is found while the run goes on (`ConcurrencyGovernor`). Thread-safe.
public final class RequestSlots: Sendable {
    /// How many requests may be in flight.
    public enum Limit: Sendable, Hashable {
        case fixed(Int)
        /// Begins with `start` and stays within 1 ... `most`.
        case adaptive(start: Int, most: Int)
    }

    private let budget: AsyncBudget
    /// nil: the number is fixed.
    private let governor: Mutex<ConcurrencyGovernor?>
    private let start = ContinuousClock.now

    public init(_ limit: Limit) {
        switch limit {
        case .fixed(let number):
            budget = AsyncBudget(limit: number)
            governor = Mutex(nil)
        case .adaptive(let start, let most):
            let found = ConcurrencyGovernor(start: start, range: 1...max(1, most))
            budget = AsyncBudget(limit: found.limit)
            governor = Mutex(found)
        }
    }

    /// How many there may be at this moment.
    public var limit: Int { budget.limit }

    /// Waits for a turn.
    ///
    /// - Throws: `CancellationError`.
    func take() async throws -> AsyncBudget.Lease { try await budget.take(1) }

    /// Takes note of a request that ended, before its lease is released.
    func note(_ completion: ConcurrencyGovernor.Completion) {
        let isSaturated = budget.isExhausted
        let seconds = start.duration(to: .now) / .seconds(1)
        governor.withLock { governor in
            // Inside the lock, so that the budget gets the changes in their order.
            if governor?.note(completion, isSaturated: isSaturated, at: seconds) == true, let found = governor
            {
                budget.resize(to: found.limit)
            }
        }
    }
}
