import FrameEngine

/// An error of the guided workflow that is no error of one of its steps.
package struct JourneyError: StageError, Equatable {
    package enum Reason: String, Sendable {
        /// Something was asked, and there is nobody to answer: the input has ended.
        case noAnswer
        /// Options that do not go together, or a run that the command line does not fit to.
        case usage
        /// The output folder or the state file cannot be made, read or locked.
        case folder
        /// A state file that cannot be trusted.
        case damagedState
        /// Nothing came in: a source without files, an import that took none of them.
        case input
        /// The service's answer makes no sense.
        case service
    }

    package let reason: Reason
    package let message: String

    package init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    package var stage: Stage {
        switch reason {
        case .noAnswer, .usage, .input, .damagedState: .plan
        case .service: .transport
        case .folder: .write
        }
    }

    package var code: String { "workflow-\(reason.rawValue)" }
    package var isRetryable: Bool { false }
}
