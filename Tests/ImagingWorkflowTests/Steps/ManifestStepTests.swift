import FrameEngine
import ImagingWorkflow
import Synchronization
import Testing

@Suite("Reading what an import job left")
struct ManifestStepTests {
    /// Objects by key, of which some come only after so many questions.
    private final class Objects: ObjectReading {
        private let objects: [String: String]
        private let missingFor: Mutex<[String: Int]>

        init(_ objects: [String: String], missingFor: [String: Int] = [:]) {
            self.objects = objects
            self.missingFor = Mutex(missingFor)
        }

        func object(_ key: String, in bucket: String, limit: Int) async throws -> [UInt8]? {
            let isMissing = missingFor.withLock { missing in
                guard let count = missing[key], count > 0 else { return false }
                missing[key] = count - 1
                return true
            }
            return isMissing ? nil : objects[key].map { Array($0.utf8) }
        }
    }

    private static let a = String(repeating: "a", count: 32)
    private static let b = String(repeating: "b", count: 32)
    private static let manifest = """
        {"jobSummary": {"jobId": "j", "numberOfScannedFiles": 5, "numberOfImportedFiles": 3,
         "numberOfFilesWithCustomerError": 1, "numberOfFilesWithServerError": 1, "somethingNew": [],
         "imageSetsSummary": [
          {"imageSetId": "\(a)", "imageSetVersion": 1, "isPrimary": true, "numberOfMatchedSOPInstances": 1},
          {"imageSetId": "\(b)", "numberOfMatchedSOPInstances": 1},
          {"imageSetId": "\(a)", "imageSetVersion": 2, "isPrimary": true, "numberOfMatchedSOPInstances": 1}]}}
        """
    private static let failures = """
        {"inputFile": "in/x.txt", "exception": {"exceptionType": "ValidationException", "message": "no DICOM"}}
        {"inputFile": "in/y.txt", "exception": {}}

        """
    private static let warnings = """
        {"inputFile": "in/z.dcm", "importResponse": {"imageSetId": "\(a)", "warnings": [
        """.replacingOccurrences(of: "\n", with: "") + """
            {"warning_reason_code": 1, "type": "InvalidOffsetTable", "message": "m"}, {"type": "Other"}]}}
            """

    private func read(_ objects: Objects, attempts: Int = 3, retried: @Sendable (Int) -> Void = { _ in })
        async throws -> ManifestStep.Output
    {
        try await ManifestStep(reader: objects, attempts: attempts, wait: .milliseconds(1))
            .read(S3Location(bucket: "bucket", prefix: "job"), retried: retried)
    }

    @Test("counts that no job can have do no harm", arguments: [Int.max, Int.min])
    func wildCounts(_ count: Int) async throws {
        let imageSet = "{\"imageSetId\": \"\(Self.a)\", \"numberOfMatchedSOPInstances\": \(count)}"
        let manifest = """
            {"jobSummary": {"numberOfFilesWithCustomerError": \(count), "numberOfFilesWithServerError": \(count),
             "imageSetsSummary": [\(imageSet), \(imageSet)]}}
            """
        let output = try await read(Objects(["job/job-output-manifest.json": manifest]), attempts: 1)
        #expect(output.summary.failed >= 0)
        #expect(output.imageSets.map(\.id.description) == [Self.a])
    }

    @Test("each image set counts once, with its last version; files come with their reasons")
    func reads() async throws {
        let output = try await read(
            Objects([
                "job/job-output-manifest.json": Self.manifest, "job/FAILURE/failure.ndjson": Self.failures,
                "job/WARNING/warning.ndjson": Self.warnings,
            ]))
        #expect(output.imageSets.map(\.id.description) == [Self.a, Self.b])
        #expect(output.imageSets.map(\.version) == [2, nil])
        #expect(output.imageSets.map(\.instances) == [2, 1])
        #expect(output.summary.scanned == 5)
        #expect(output.summary.imported == 3)
        #expect(output.summary.failed == 2)
        #expect(output.summary.warned == 1)
        #expect(
            output.summary.failures.first
                == .init(key: "in/x.txt", kind: "ValidationException", message: "no DICOM"))
        #expect(output.summary.failures.last?.kind == "unknown")
        #expect(output.summary.warnings.map(\.kind) == ["InvalidOffsetTable", "Other"])
    }

    @Test("a manifest that comes late is asked for again")
    func lateManifest() async throws {
        let attempts = Mutex<[Int]>([])
        let objects = Objects(
            ["job/job-output-manifest.json": "{\"jobSummary\": {}}"],
            missingFor: ["job/job-output-manifest.json": 2])
        let output = try await read(objects) { attempt in attempts.withLock { $0.append(attempt) } }
        #expect(output.imageSets.isEmpty)
        #expect(attempts.withLock { $0 } == [1, 2])
    }

    @Test("a manifest that never comes is an error that names the object")
    func noManifest() async throws {
        let error = await #expect(throws: StepError.self) { try await read(Objects([:])) }
        #expect(error?.reason == .timeout)
        #expect(error?.message.contains("s3://bucket/job/job-output-manifest.json") == true)
    }

    @Test("a failure list that comes after the manifest is waited for")
    func lateFailures() async throws {
        let output = try await read(
            Objects(
                ["job/job-output-manifest.json": Self.manifest, "job/FAILURE/failure.ndjson": Self.failures],
                missingFor: ["job/FAILURE/failure.ndjson": 2]))
        #expect(output.summary.failures.count == 2)
    }

    @Test("what is no manifest, and a list with a line that is no record, are errors that name the object")
    func damaged() async throws {
        for text in [
            "", "<html>", "{}", "{\"jobSummary\": {\"imageSetsSummary\": [{\"imageSetId\": \"../x\"}]}}",
        ] {
            let error = await #expect(throws: StepError.self) {
                try await read(Objects(["job/job-output-manifest.json": text]))
            }
            #expect(error?.message.contains("job-output-manifest.json") == true)
        }
        let error = await #expect(throws: StepError.self) {
            try await read(
                Objects(["job/job-output-manifest.json": Self.manifest, "job/FAILURE/failure.ndjson": "x\n"]))
        }
        #expect(error?.message.contains("failure.ndjson") == true)
    }
}
