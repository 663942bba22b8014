import Foundation
import Synchronization

/// Asks one place after the other, keeps the first answer, and renews it before it expires. Any thread.
///
/// However many callers there are, one search is under way at a time. In the first of two windows before the end
/// nobody waits for the new credentials; in the second everybody does. A search that fails or brings nothing newer
/// leaves the kept credentials in use for as long as they are valid, and is not repeated at once.
public final class CredentialsChain: CredentialsProvider {
    private struct State {
        var kept: Kept?
        /// The search that is under way; all who need its result wait for it.
        var search: Search?
        /// Refused credentials in whose place the last search found nothing else, and when that was.
        var fruitless: (refused: AWSCredentials, at: ContinuousClock.Instant)?
        /// When a search last brought nothing newer than what is kept.
        var vain: ContinuousClock.Instant?
    }

    private struct Kept {
        let credentials: AWSCredentials
        let windows: RefreshWindows?
    }

    private struct Search {
        let number: Int
        let task: Task<AWSCredentials, any Error>
        /// Callers that wait. When the last of them is cancelled, so is a search that was begun for them.
        var waiting = 0
        var isForNobody: Bool
    }

    /// So long after a search that found nothing else there is no other one.
    private let pause: Duration
    /// So long after a renewal that failed or brought nothing newer there is no other one, unless they expire.
    private let renewalPause: Duration
    private let sources: [any CredentialsSource]
    private let now: @Sendable () -> Date
    private let state = Mutex(State())
    private let searches = Atomic<Int>(0)

    init(
        _ sources: [any CredentialsSource], pause: Duration = .seconds(5),
        renewalPause: Duration = .seconds(30), now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.sources = sources
        self.pause = pause
        self.renewalPause = renewalPause
        self.now = now
    }

    public func credentials() async throws -> AWSCredentials? {
        try await current(otherThan: nil)
    }

    public func credentials(insteadOf refused: AWSCredentials) async throws -> AWSCredentials? {
        let isFruitless = state.withLock { state in
            state.fruitless.map { $0.refused.hasSameKeys(as: refused) && Self.isLess(since: $0.at, pause) }
                ?? false
        }
        if isFruitless { return nil }
        let found = try await current(otherThan: refused)
        guard found.hasSameKeys(as: refused) else { return found }
        state.withLock { $0.fruitless = (refused, .now) }
        return nil
    }

    private static func isLess(since instant: ContinuousClock.Instant, _ duration: Duration) -> Bool {
        instant.duration(to: .now) < duration
    }

    // MARK: Keeping and renewing

    private enum Step {
        case use(AWSCredentials)
        case wait(Task<AWSCredentials, any Error>, number: Int)
    }

    /// What is kept, if it is still good and not what was refused; else what one new search for all callers finds.
    private func current(otherThan refused: AWSCredentials?) async throws -> AWSCredentials {
        switch state.withLock({ step(otherThan: refused, &$0) }) {
        case .use(let credentials):
            return credentials
        case .wait(let task, let number):
            return try await withTaskCancellationHandler {
                do {
                    return try await task.value
                } catch {
                    try Task.checkCancellation()
                    throw error
                }
            } onCancel: {
                leave(number)
            }
        }
    }

    private func step(otherThan refused: AWSCredentials?, _ state: inout State) -> Step {
        // Whoever signs from now on waits for the search too, instead of being refused as well.
        if let refused, let kept = state.kept, kept.credentials.hasSameKeys(as: refused) { state.kept = nil }
        if let kept = state.kept {
            let isVain = state.vain.map { Self.isLess(since: $0, renewalPause) } ?? false
            switch kept.windows?.phase(at: now()) ?? .fresh {
            case .fresh:
                return .use(kept.credentials)
            case .advisory:
                if !isVain, state.search == nil { state.search = begin(isForNobody: true) }
                return .use(kept.credentials)
            case .mandatory where isVain:
                return .use(kept.credentials)
            case .mandatory, .over:
                break
            }
        }
        var search = state.search ?? begin(isForNobody: false)
        search.waiting += 1
        state.search = search
        return .wait(search.task, number: search.number)
    }

    private func begin(isForNobody: Bool) -> Search {
        let number = searches.wrappingAdd(1, ordering: .relaxed).newValue
        let task = Task { try await renew(number) }
        return Search(number: number, task: task, isForNobody: isForNobody)
    }

    /// One caller was cancelled and does not need the search any more.
    private func leave(_ number: Int) {
        state.withLock { state in
            guard var search = state.search, search.number == number else { return }
            search.waiting -= 1
            if search.waiting == 0, !search.isForNobody {
                search.task.cancel()
                state.search = nil
            } else {
                state.search = search
            }
        }
    }

    /// Searches, and falls back on what is kept where that is still valid.
    private func renew(_ number: Int) async throws -> AWSCredentials {
        let outcome: Result<AWSCredentials, any Error>
        do {
            outcome = .success(try await search())
        } catch {
            outcome = .failure(error)
        }
        return try state.withLock { state in
            if state.search?.number == number { state.search = nil }
            let valid = state.kept.flatMap { kept in
                kept.windows?.phase(at: now()) == .over ? nil : kept.credentials
            }
            switch outcome {
            case .success(let found):
                state.vain = valid.map { $0.hasSameKeys(as: found) } == true ? .now : nil
                state.kept = Kept(
                    credentials: found,
                    windows: found.expiration.map { RefreshWindows(from: now(), to: $0) })
                return found
            case .failure(let error):
                guard let valid, !Task.isCancelled else { throw error }
                state.vain = .now
                return valid
            }
        }
    }

    // MARK: Searching

    private func search() async throws -> AWSCredentials {
        var attempts: [String] = []
        for source in sources {
            do throws(CredentialsError) {
                switch try await source.load() {
                case .found(let credentials):
                    if let expiration = credentials.expiration, expiration <= now() {
                        throw CredentialsError(
                            .expired,
                            "\(source.name): the credentials have expired at "
                                + CredentialsTime.text(expiration))
                    }
                    return credentials
                case .nothing(let why):
                    attempts.append("\(source.name): \(why)")
                }
            } catch {
                try Task.checkCancellation()
                throw attempts.isEmpty
                    ? error
                    : CredentialsError(
                        error.reason,
                        "\(error.message) (asked before: \(attempts.joined(separator: "; ")))")
            }
            try Task.checkCancellation()
        }
        throw CredentialsError(
            .none,
            "no AWS credentials (\(attempts.joined(separator: "; "))); set AWS_ACCESS_KEY_ID and "
                + "AWS_SECRET_ACCESS_KEY, choose a profile with --profile, or use --no-sign-request")
    }
}
