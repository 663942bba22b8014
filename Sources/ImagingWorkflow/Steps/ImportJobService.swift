import FrameEngine

/// What an import is to read and where it reports.
package struct ImportOrder: Hashable, Sendable {
    package var datastoreID: HealthImagingID
    package var roleARN: String
    package var input: S3Location
    package var output: S3Location
    /// Nil for a job without a name.
    package var jobName: String?
    /// The same token again gives the same job: 1 to 64 of letters, digits and `._-`.
    package var token: String

    package init(
        datastoreID: HealthImagingID, roleARN: String, input: S3Location, output: S3Location,
        jobName: String? = nil, token: String
    ) {
        self.datastoreID = datastoreID
        self.roleARN = roleARN
        self.input = input
        self.output = output
        self.jobName = jobName
        self.token = token
    }
}

/// An import job at one moment.
package struct ImportJobStatus: Hashable, Sendable {
    /// `SUBMITTED`, `IN_PROGRESS`, `COMPLETED`, `FAILED`: an open list.
    package let status: String
    /// As the service gives it: the job's own folder, or where that is to be made.
    package let outputURI: String
    /// Why it failed, where the service tells.
    package let message: String?

    package init(status: String, outputURI: String, message: String? = nil) {
        self.status = status
        self.outputURI = outputURI
        self.message = message
    }
}

/// The calls that an import takes: StartDICOMImportJob and GetDICOMImportJob.
package protocol ImportJobService: Sendable {
    /// - Returns: the job's id.
    func startImport(_ order: ImportOrder) async throws -> String
    func importJob(_ id: String, in datastoreID: HealthImagingID) async throws -> ImportJobStatus
}
