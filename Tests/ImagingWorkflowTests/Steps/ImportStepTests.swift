import FrameEngine
import ImagingWorkflow
import Synchronization
import Testing

@Suite("Following an import job")
struct ImportStepTests {
    /// Answers one status after the other; the last one for ever.
    private final class Jobs: ImportJobService {
        private let statuses: Mutex<[ImportJobStatus]>

        init(_ statuses: [ImportJobStatus]) { self.statuses = Mutex(statuses) }

        func startImport(_ order: ImportOrder) async throws -> String { "job1" }

        func importJob(_ id: String, in datastoreID: HealthImagingID) async throws -> ImportJobStatus {
            statuses.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
        }
    }

    private let datastore: HealthImagingID

    init() throws { datastore = try #require(ScriptedSteps.datastore) }

    private func follow(_ statuses: ImportJobStatus..., progress: @escaping ImportStep.Progress = { _, _ in })
        async throws -> S3Location
    {
        let step = ImportStep(
            service: Jobs(statuses), firstWait: .milliseconds(1), longestWait: .milliseconds(2))
        return try await step.follow("job1", in: datastore, progress: progress)
    }

    @Test("waits until the job is complete and tells each status")
    func waits() async throws {
        let seen = Mutex<[String]>([])
        let location = try await follow(
            ImportJobStatus(status: "SUBMITTED", outputURI: "s3://bucket/out"),
            ImportJobStatus(status: "IN_PROGRESS", outputURI: "s3://bucket/out"),
            ImportJobStatus(status: "SOMETHING_NEW", outputURI: "s3://bucket/out"),
            ImportJobStatus(status: "COMPLETED", outputURI: "s3://bucket/out")
        ) { status, _ in seen.withLock { $0.append(status) } }
        #expect(location.description == "s3://bucket/out/\(datastore)-DicomImport-job1/")
        #expect(seen.withLock { $0 } == ["SUBMITTED", "IN_PROGRESS", "SOMETHING_NEW", "COMPLETED"])
    }

    @Test("takes an output folder that the service has extended already as it is")
    func extendedOutput() async throws {
        let folder = "s3://bucket/out/\(datastore)-DicomImport-job1/"
        let location = try await follow(ImportJobStatus(status: "COMPLETED", outputURI: folder))
        #expect(location.description == folder)
    }

    @Test("a failed job is an error with the job's message, the job and the data store")
    func failed() async throws {
        let error = await #expect(throws: StepError.self) {
            try await follow(
                ImportJobStatus(status: "FAILED", outputURI: "s3://b/", message: "no access to s3://b/"))
        }
        #expect(error?.reason == .service)
        for part in ["job1", datastore.description, "no access to s3://b/"] {
            #expect(error?.message.contains(part) == true)
        }
    }
}
