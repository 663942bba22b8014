import ImagingWorkflow
import Synchronization
import Testing

@testable import FrameEngine

@Suite("Following an import job")
struct ImportStepTests {
    /// Answers one status after the other; the last one for ever.
    private final class Jobs: ImportJobService {
        private let statuses: Mutex<[ImportJobStatus]>
        private let refusals: Mutex<[ServiceError]>

        init(_ statuses: [ImportJobStatus], refusals: [ServiceError] = []) {
            self.statuses = Mutex(statuses)
            self.refusals = Mutex(refusals)
        }

        func startImport(_ order: ImportOrder) async throws -> String {
            if let refusal = refusals.withLock({ $0.popLast() }) { throw refusal }
            return "job1"
        }

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

    private func start(isRoleNew: Bool, refusals: [ServiceError]) async throws -> String {
        let location = try #require(S3Location("s3://bucket/in/"))
        let step = ImportStep(
            service: Jobs([], refusals: refusals), waitsForRole: [.milliseconds(1), .milliseconds(1)])
        return try await step.start(
            ImportOrder(
                datastoreID: datastore, roleARN: "arn:aws:iam::1:role/r", input: location, output: location,
                jobName: nil, token: "t"),
            isRoleNew: isRoleNew)
    }

    @Test("a role that has just been made may be refused for a while, an old one may not")
    func newRole() async throws {
        let refusal = ServiceError(
            operation: "StartDICOMImportJob", status: 400, awsCode: "ValidationException",
            message: "no such role",
            kind: .client)
        #expect(try await start(isRoleNew: true, refusals: [refusal, refusal]) == "job1")
        await #expect(throws: ServiceError.self) {
            try await start(isRoleNew: true, refusals: [refusal, refusal, refusal])
        }
        await #expect(throws: ServiceError.self) { try await start(isRoleNew: false, refusals: [refusal]) }
        let expired = ServiceError(
            operation: "StartDICOMImportJob", status: 403, awsCode: "ExpiredTokenException",
            message: "expired",
            kind: .credentials)
        await #expect(throws: ServiceError.self) { try await start(isRoleNew: true, refusals: [expired]) }
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
