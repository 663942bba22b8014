import FrameEngine

/// Starts an import job and follows it to its end.
package struct ImportStep: Sendable {
    /// How far a job is.
    package typealias Progress = @Sendable (_ status: String, _ elapsed: Duration) -> Void

    private let service: any ImportJobService
    /// Between two looks at a job: short at first, since small imports take seconds.
    private let firstWait: Duration
    private let longestWait: Duration
    /// Before each further try with a role that has just been made.
    private let waitsForRole: [Duration]

    package init(
        service: any ImportJobService, firstWait: Duration = .milliseconds(500),
        longestWait: Duration = .seconds(10),
        waitsForRole: [Duration] = [.seconds(1), .seconds(2), .seconds(4), .seconds(8)]
    ) {
        self.service = service
        self.firstWait = firstWait
        self.longestWait = longestWait
        self.waitsForRole = waitsForRole
    }

    /// - Parameter isRoleNew: the role has just been made. IAM takes seconds until every service knows a role
    ///   ("Changes that I make are not always immediately visible", IAM User Guide), so a refusal is tried again then.
    /// - Returns: the job's id.
    package func start(
        _ order: ImportOrder, isRoleNew: Bool = false, progress: @escaping Progress = { _, _ in }
    ) async throws -> String {
        let start = ContinuousClock.now
        for wait in isRoleNew ? waitsForRole : [] {
            do {
                return try await service.startImport(order)
            } catch let error as ServiceError where error.isDenial || error.kind == .client {
                progress("waiting for the role", start.duration(to: .now))
                try await Task.sleep(for: wait)
            }
        }
        return try await service.startImport(order)
    }

    /// Waits for the end of a job, however long it takes.
    ///
    /// - Returns: the job's own output folder.
    /// - Throws: `StepError` of reason `.service` where the job failed; what the service's calls throw.
    package func follow(
        _ jobID: String, in datastoreID: HealthImagingID, progress: @escaping Progress = { _, _ in }
    ) async throws -> S3Location {
        let start = ContinuousClock.now
        var wait = firstWait
        while true {
            let job = try await service.importJob(jobID, in: datastoreID)
            progress(job.status, start.duration(to: .now))
            switch job.status {
            case "COMPLETED":
                return try Self.outputFolder(of: job, jobID: jobID, datastoreID: datastoreID)
            case "FAILED":
                let reason = job.message.map { ": \($0)" } ?? "; the service gives no reason"
                throw StepError(.service, "import job \(jobID) of data store \(datastoreID) failed\(reason)")
            default:
                try await Task.sleep(for: wait)
                wait = min(wait * 2, longestWait)
            }
        }
    }

    /// The service gives the job's own folder, or only what the order named: the folder's name is known either way.
    private static func outputFolder(
        of job: ImportJobStatus, jobID: String, datastoreID: HealthImagingID
    ) throws -> S3Location {
        guard let location = S3Location(job.outputURI)?.asFolder else {
            throw StepError(.service, "import job \(jobID): its output is not an S3 URI")
        }
        let name = "\(datastoreID)-DicomImport-\(jobID)/"
        return location.prefix.hasSuffix(name)
            ? location : S3Location(bucket: location.bucket, prefix: location.prefix + name)
    }
}
