import FrameEngine
import LocalImaging

/// An error on its way to standard error: one line and an exit status.
struct CommandFailure: Error {
    let status: ExitStatus
    let message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    /// What any error of the engine or the local data store means to the caller of the program.
    init(describing error: any Error) {
        switch error {
        case let failure as CommandFailure:
            self = failure
        case let error as any StageError:
            self.init(ExitStatus(of: error), error.message)
        case let error as StoreError:
            self.init(ExitStatus(of: error), error.message)
        case is CancellationError:
            self.init(.interrupted, "interrupted")
        default:
            self.init(.localIO, String(describing: error))
        }
    }
}

extension ExitStatus {
    /// By the error's stage and kind; its text plays no part.
    init(of error: any StageError) {
        if let error = error as? ServiceError {
            self.init(of: error)
            return
        }
        switch error.stage {
        case .write where error is ManifestError: self = .unreadableInput
        case .plan, .decode: self = .unreadableInput
        case .request: self = .noPermission
        case .transport: self = .serviceUnavailable
        case .verify: self = .someFailed
        case .write: self = .localIO
        }
    }

    init(of error: ServiceError) {
        switch error.kind {
        case .credentials: self = .noPermission
        case .notFound, .client: self = .unreadableInput
        case .throttling, .server: self = .serviceUnavailable
        }
    }

    init(of error: StoreError) {
        switch error {
        case .notAStore, .notFound, .conflict, .damaged: self = .unreadableInput
        case .system: self = .localIO
        }
    }
}
