import Synchronization

/// Spaces requests out in time: a token bucket with a ceiling, and below it the rate that the service lets through.
///
/// A service with a quota answers 429 to what is beyond it; every such answer is a request wasted. The pacer learns
/// the quota from the share of refusals in epochs of half a second: when it is too large the rate becomes what was
/// let through, then it grows again by small steps. Retry delays of single frames are not its business. Thread-safe.
public final class RequestPacer: Sendable {
    private static let epoch = Duration.milliseconds(500)
    private static let slowest = 1.0
    /// Growth an epoch after a cut, and once the service has been content for as many epochs as `calm`.
    private static let growth = (careful: 1.02, brisk: 1.15, calm: 20)

    private struct State {
        /// Requests a second; nil while nothing limits them.
        var rate: Double?
        /// Tickets given out, and how many of them may go by now. What is beyond the tickets is saved up, at most a burst.
        var tickets = 0
        var mayGo: Double
        var filledAt: ContinuousClock.Instant
        var epochStart: ContinuousClock.Instant
        var refused = 0
        var answered = 0
        var rateBeforeCuts: Double?
        var calmEpochs = 0
        var judge = SlowdownJudge()
    }

    private let ceiling: Double?
    private let burst: Double
    private let state: Mutex<State>

    /// - Parameters:
    ///   - ceiling: requests a second that are never exceeded in the long run; nil for none.
    ///   - burst: requests that may come at once after a pause; twice the ceiling by default, as in GetImageFrame's
    ///     documented quota (1,000 a second, burst 2,000).
    public init(ceiling: Double?, burst: Double? = nil, now: ContinuousClock.Instant = .now) {
        self.ceiling = ceiling.map { max($0, Self.slowest) }
        self.burst = max(1, burst ?? 2 * (ceiling ?? 1_000))
        state = Mutex(State(rate: self.ceiling, mayGo: self.burst, filledAt: now, epochStart: now))
    }

    /// Requests a second at this moment; nil while nothing limits them.
    public var rate: Double? { state.withLock { $0.rate } }

    /// Whether the rate is what the service was seen to let through, rather than the ceiling.
    var isHeldBack: Bool { state.withLock { $0.rateBeforeCuts != nil } }

    /// Waits until a request may be sent.
    ///
    /// - Throws: `CancellationError`; the ticket is lost then, which delays others by one request at most.
    public func take() async throws {
        guard let ticket = reserve(at: .now) else { return }
        while true {
            let wait = wait(for: ticket, at: .now)
            if wait <= .zero { return }
            // The rate may fall meanwhile: whoever waits must not go by what it was.
            try await Task.sleep(for: min(wait, Self.epoch))
        }
    }

    /// A place in the queue.
    struct Ticket: Sendable, Equatable {
        fileprivate let number: Int
    }

    /// Takes the next place in the queue; nil where there is none, because nothing limits requests.
    func reserve(at now: ContinuousClock.Instant) -> Ticket? {
        state.withLock { state in
            guard state.rate != nil else { return nil }
            fill(&state, at: now)
            state.tickets += 1
            return Ticket(number: state.tickets)
        }
    }

    /// How long until a ticket's turn comes, at the rate of this moment; zero when it has come.
    func wait(for ticket: Ticket, at now: ContinuousClock.Instant) -> Duration {
        state.withLock { state in
            guard let rate = state.rate else { return .zero }
            fill(&state, at: now)
            return .seconds(max(0, Double(ticket.number) - state.mayGo) / rate)
        }
    }

    /// Tells what became of a request: `refused` when the service asked to slow down.
    func note(refused: Bool, at now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            if refused { state.refused += 1 } else { state.answered += 1 }
            let elapsed = state.epochStart.duration(to: now)
            guard elapsed >= Self.epoch else { return }
            fill(&state, at: now)
            endEpoch(&state, seconds: elapsed / .seconds(1))
            state.epochStart = now
            state.refused = 0
            state.answered = 0
        }
    }

    private func fill(_ state: inout State, at now: ContinuousClock.Instant) {
        let elapsed = state.filledAt.duration(to: now)
        guard elapsed > .zero else { return }
        state.filledAt = now
        if let rate = state.rate {
            // After a cut a burst would be refused: only what was saved for a tenth of a second.
            let most = state.rateBeforeCuts == nil ? burst : max(1, rate / 10)
            state.mayGo = min(Double(state.tickets) + most, state.mayGo + rate * (elapsed / .seconds(1)))
        }
    }

    private func endEpoch(_ state: inout State, seconds: Double) {
        switch state.judge.judge(refused: state.refused, answered: state.answered) {
        case .slowDown:
            let accepted = Double(state.answered) / seconds
            if state.rateBeforeCuts == nil {
                state.rateBeforeCuts = state.rate ?? .infinity
                // What was saved up would be refused. Whoever waits goes on waiting, at the new rate.
                state.mayGo = min(state.mayGo, Double(state.tickets))
            }
            state.rate = max(Self.slowest, min(0.97 * accepted, state.rate ?? .infinity))
            state.calmEpochs = 0
        case .pointless:
            restore(&state)
        case .fine:
            guard let before = state.rateBeforeCuts, let rate = state.rate else { return }
            state.calmEpochs += 1
            // A few refusals mean that the rate is just right.
            guard state.refused * 50 <= state.answered else { return }
            let faster =
                rate * (state.calmEpochs > Self.growth.calm ? Self.growth.brisk : Self.growth.careful)
            if faster >= min(before, 1e6) { restore(&state) } else { state.rate = faster }
        }
    }

    private func restore(_ state: inout State) {
        state.rate = ceiling
        state.rateBeforeCuts = nil
        // Without a rate everybody who waits goes; nobody later is to wait for them.
        if ceiling == nil { state.mayGo = Double(state.tickets) }
        state.calmEpochs = 0
    }
}
