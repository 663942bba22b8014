import Synchronization

/// Tells the errors that every other frame would meet too, and that therefore end a run, from those of a frame
/// alone. One a run; thread-safe.
final class RunJudge: Sendable {
    /// So many frames without an answer from a service that never gave one, and the run ends.
    private static let unansweredLimit = 16

    private struct Unanswered {
        /// Frames that the service never answered, with all their attempts.
        var frames = 0
        var last: (any StageError)?
    }

    private let health: ServiceHealth
    private let unanswered = Mutex(Unanswered())
    private let denials = Mutex(DenialJudge())

    init(health: ServiceHealth) {
        self.health = health
    }

    /// The error that ends the run because of what a frame or an image set met; nil when the run goes on.
    func runEnding(_ error: (any StageError)?) -> (any StageError)? {
        switch error {
        case let error as WriteError:
            return error
        case let error as CredentialsError:
            return error
        case let error as ServiceError where error.isDenial:
            return denials.withLock { $0.note(error) } ? error : nil
        case let error as ServiceError where error.kind == .credentials:
            return error
        case let error as TransportError where error.kind == .certificate:
            return error
        case let error? where error.isServiceUnavailable:
            let frames = unanswered.withLock { unanswered in
                unanswered.frames += 1
                unanswered.last = error
                return unanswered.frames
            }
            let neverCame = !health.hasAnswered && frames >= Self.unansweredLimit
            return neverCame || health.isGone ? error : nil
        default:
            denials.withLock { $0.notePermitted() }
            return nil
        }
    }

    /// For a run that came to its end before a limit was reached: a service that never answered is not there, and a
    /// caller who was denied everything lacks the permission.
    var reasonForNothing: (any StageError)? {
        health.hasAnswered ? denials.withLock { $0.totalDenial } : unanswered.withLock { $0.last }
    }
}
