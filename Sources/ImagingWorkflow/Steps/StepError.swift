import FrameEngine

/// An error of a step that is no error of one request: what went wrong, of what, and what to do.
package struct StepError: StageError, Equatable {
    package enum Reason: String, Sendable {
        /// What is asked for makes no sense: a stack's name that is none.
        case usage
        /// What is to be read is not what it must be: two files that would be one object.
        case input
        /// Something that must be there is not: a prefix without objects, a stack.
        case notFound = "not-found"
        /// A stack or a bucket of that name is there already.
        case exists
        /// The service did not do it: a stack that rolled back.
        case service
        /// It took longer than it may.
        case timeout
        /// A local file that cannot be read.
        case file
    }

    package let reason: Reason
    package let message: String

    package init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    /// Chosen for the exit status that it stands for.
    package var stage: Stage {
        switch reason {
        case .usage, .input, .notFound, .exists, .file: .plan
        case .service, .timeout: .transport
        }
    }

    package var code: String { "step-\(reason.rawValue)" }
    package var isRetryable: Bool { false }
}
