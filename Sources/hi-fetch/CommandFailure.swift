import FrameEngine
import ImagingWorkflow
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
        case let error as LocalServerError:
            self.init(.localIO, error.message)
        case let error as DICOMImporter.Failure:
            self.init(.unreadableInput, "\(error)")
        case is CancellationError:
            self.init(.interrupted, "interrupted")
        default:
            self.init(.localIO, String(describing: error))
        }
    }
}

extension ExitStatus {
    /// By the error's type and kind; its text plays no part.
    init(of error: any StageError) {
        switch error {
        case let error as ServiceError: self.init(of: error)
        case let error as SettingsError: self.init(of: error)
        case is ManifestError: self = .unreadableInput
        case is UnexpectedContentError: self = .serviceUnavailable
        case let error as JourneyError where error.reason == .usage: self = .usage
        case let error as StepError where error.reason == .usage: self = .usage
        case let error as TransportError where error.code == "ca-bundle": self = .unreadableInput
        default: self.init(of: error.stage)
        }
    }

    init(of error: StoreError) {
        switch error {
        case .notAStore, .notFound, .conflict, .damaged: self = .unreadableInput
        case .system: self = .localIO
        }
    }

    private init(of stage: Stage) {
        switch stage {
        case .plan, .decode: self = .unreadableInput
        case .request: self = .noPermission
        case .transport: self = .serviceUnavailable
        case .verify: self = .someFailed
        case .write: self = .localIO
        }
    }

    private init(of error: ServiceError) {
        switch error.kind {
        case .credentials: self = .noPermission
        // A success that is not what the operation returns: whatever answers there is not the service.
        case .client where (200...399).contains(error.status): self = .serviceUnavailable
        case .notFound, .conflict, .client: self = .unreadableInput
        // What the local data store answers when this machine's disk is full; AWS has no such answer.
        case .server where error.status == 507: self = .localIO
        case .throttling, .server: self = .serviceUnavailable
        }
    }

    private init(of error: SettingsError) {
        switch error.reason {
        case .noRegion, .invalidRegion, .invalidEndpoint, .endpointVariant, .invalidValue: self = .usage
        case .noSuchProfile: self = .noPermission
        case .configurationFile: self = .unreadableInput
        }
    }
}
