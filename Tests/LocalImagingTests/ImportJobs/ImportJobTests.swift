import Foundation
import FrameEngine
import Testing

@testable import LocalImaging

@Suite("Import jobs")
struct ImportJobTests {
    private let temporary: TemporaryStore
    private let buckets: BucketStore
    private let datastore: HealthImagingID

    init() throws {
        temporary = try TemporaryStore()
        buckets = try BucketStore(opening: temporary.path)
        try buckets.createBucket("input")
        try buckets.createBucket("output")
        datastore = try temporary.store.createDatastore(name: "jobs").id
    }

    private func request(
        input: String = "s3://input/study/", output: String = "s3://output/results", token: String = "one"
    ) -> ImportJobRecord.Request {
        ImportJobRecord.Request(
            clientToken: token, jobName: "job", dataAccessRoleArn: "arn:aws:iam::123456789012:role/importer",
            inputS3Uri: input, outputS3Uri: output)
    }

    private func submit(_ request: ImportJobRecord.Request) throws -> ImportJobRecord {
        guard case .accepted(let job) = try temporary.store.submitImportJob(request, datastoreID: datastore)
        else {
            throw StoreError.conflict(reason: "not accepted")
        }
        return job
    }

    private func execution(_ job: ImportJobRecord) throws -> ImportJobExecution {
        ImportJobExecution(
            store: temporary.store, objects: buckets, buckets: buckets, datastoreID: datastore,
            jobID: try #require(HealthImagingID(job.jobId)), onFailure: { Issue.record("\($0)") })
    }

    private func run(_ job: ImportJobRecord) async throws -> ImportJobRecord {
        try await execution(job).run()
        return try temporary.store.importJob(
            datastoreID: datastore, jobID: #require(HealthImagingID(job.jobId)))
    }

    private func put(_ bytes: [UInt8], _ key: String) throws {
        try buckets.put(bytes, bucket: "input", key: key)
    }

    private func text(_ job: ImportJobRecord, _ name: String) throws -> String {
        let key = "results/\(datastore)-DicomImport-\(job.jobId)/\(name)"
        let object = try #require(try buckets.object(bucket: "output", key: key))
        return String(decoding: try buckets.read(object), as: UTF8.self)
    }

    private func lines(_ job: ImportJobRecord, _ name: String) throws -> [[String: Any]] {
        try text(job, name).split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    @Test("a job imports what is DICOM under the prefix, names the rest, and writes its four files")
    func wholeJob() async throws {
        for number in 1...2 { try put(ImageSetRulesTests.file(number).bytes(), "study/\(number).dcm") }
        var odd = ImageSetRulesTests.file(3)
        odd.set(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.2")
        try put(odd.bytes(), "study/odd ü.dcm")
        try put(Array("hello".utf8), "study/notes.txt")
        try put([], "study/")
        try put(ImageSetRulesTests.file(4).bytes(), "elsewhere/4.dcm")
        let job = try await run(submit(request()))
        #expect(job.status == .completed && job.message == nil && job.endedAt != nil)

        let manifest = try #require(
            try JSONSerialization.jsonObject(with: Data(text(job, "job-output-manifest.json").utf8))
                as? [String: [String: Any]])
        let summary = try #require(manifest["jobSummary"])
        let base = "s3://output/results/\(datastore)-DicomImport-\(job.jobId)/"
        #expect(summary["jobId"] as? String == job.jobId)
        #expect(summary["inputS3Uri"] as? String == "s3://input/study/")
        #expect(summary["outputS3Uri"] as? String == base)
        #expect(summary["successOutputS3Uri"] as? String == base + "SUCCESS/")
        #expect(summary["failureOutputS3Uri"] as? String == base + "FAILURE/")
        #expect(summary["warningsOutputS3Uri"] as? String == base + "WARNING/")
        let counts = [
            "numberOfScannedFiles": 4, "numberOfImportedFiles": 3, "numberOfFilesWithCustomerError": 1,
            "numberOfFilesWithServerError": 0, "numberOfGeneratedImageSets": 1,
        ]
        for (key, count) in counts { #expect(summary[key] as? Int == count, "\(key)") }
        let sets = try #require(summary["imageSetsSummary"] as? [[String: Any]])
        let record = try #require(try temporary.store.imageSets(datastoreID: datastore).first)
        #expect(sets.map { $0["imageSetId"] as? String } == [record.id.description])
        #expect(sets[0]["numberOfMatchedSOPInstances"] as? Int == 3 && sets[0]["isPrimary"] as? Bool == true)
        #expect(record.importJobID == job.jobId)

        let successes = try lines(job, "SUCCESS/success.ndjson")
        #expect(successes.map { $0["inputFile"] as? String } == ["study/1.dcm", "study/2.dcm"])
        let failures = try lines(job, "FAILURE/failure.ndjson")
        #expect(failures.map { $0["inputFile"] as? String } == ["study/notes.txt"])
        let exception = try #require(failures[0]["exception"] as? [String: String])
        #expect(exception["exceptionType"] == "ValidationException" && exception["message"]?.isEmpty == false)
        let warned = try lines(job, "WARNING/warning.ndjson")
        #expect(warned.map { $0["inputFile"] as? String } == ["study/odd ü.dcm"])
        let response = try #require(warned[0]["importResponse"] as? [String: Any])
        let warning = try #require((response["warnings"] as? [[String: Any]])?.first)
        #expect(
            warning["warning_reason_code"] as? Int == 0xb007
                && warning["type"] as? String == "SopClassDataMismatch")
    }

    @Test(
        "a job that cannot begin fails with a message in the API's alphabet",
        arguments: [
            ("s3://input/nothing/", "s3://output/", "No files"), ("s3://absent/x/", "s3://output/", "absent"),
            ("s3://input/study/", "s3://absent-out/", "absent-out"),
        ])
    func failing(input: String, output: String, word: String) async throws {
        try put(ImageSetRulesTests.file(1).bytes(), "study/1.dcm")
        let job = try await run(submit(request(input: input, output: output)))
        #expect(job.status == .failed && job.endedAt != nil)
        let message = try #require(job.message)
        #expect(message.contains(word))
        #expect(message.wholeMatch(of: /[\w \-:`!-9]+/) != nil, "\(message)")
        #expect(try temporary.store.imageSets(datastoreID: datastore).isEmpty)
    }

    @Test("a job into a built-in bucket is denied, one from it is read")
    func builtIn() async throws {
        let all = IDCBucket(store: temporary.store)
        let chest = IDCSeries.all[0].folder
        for (input, output, status) in [
            ("s3://idc-open-data/\(chest)/", "s3://output/", ImportJobRecord.Status.completed),
            ("s3://idc-open-data/\(chest)/", "s3://idc-open-data/", .failed),
        ] {
            let job = try submit(request(input: input, output: output, token: output))
            await ImportJobExecution(
                store: temporary.store, objects: all, buckets: buckets, datastoreID: datastore,
                jobID: try #require(HealthImagingID(job.jobId)), onFailure: { Issue.record("\($0)") }
            ).run()
            let ended = try temporary.store.importJob(
                datastoreID: datastore, jobID: #require(HealthImagingID(job.jobId)))
            #expect(ended.status == status, "\(ended.message ?? "")")
        }
        let record = try #require(try temporary.store.imageSets(datastoreID: datastore).first)
        #expect(record.frameCount == 2 && record.tags.seriesModality == "CT")
    }

    @Test("the same token is the same job, and another request under it is refused")
    func tokens() throws {
        let job = try submit(request())
        #expect(try submit(request()).jobId == job.jobId)
        guard
            case .tokenReused = try temporary.store.submitImportJob(
                request(input: "s3://input/other/"), datastoreID: datastore)
        else {
            Issue.record("another request under the same token was taken")
            return
        }
        #expect(try submit(request(token: "two")).jobId != job.jobId)
    }

    @Test("the runner runs what was submitted, and what a dead server left, once")
    func runner() async throws {
        for number in 1...2 { try put(ImageSetRulesTests.file(number).bytes(), "study/\(number).dcm") }
        var interrupted = try submit(request())
        interrupted.status = .inProgress
        try temporary.store.keepImportJob(interrupted, datastoreID: datastore)
        // The dead server had committed its image set and not told of it.
        _ = try await DICOMImporter().importEntries(
            ImageSetRulesTests.entries([ImageSetRulesTests.file(1), ImageSetRulesTests.file(2)]),
            into: temporary.store, datastoreID: datastore, jobID: interrupted.jobId)
        let jobs = try [interrupted] + (1...4).map { try submit(request(token: "t\($0)")) }
        let runner = ImportJobRunner(
            store: temporary.store, objects: buckets, buckets: buckets, onFailure: { Issue.record("\($0)") })
        let running = Task { await runner.run() }
        runner.wake()
        while try !temporary.store.unfinishedImportJobs(datastoreID: datastore).isEmpty {
            try await Task.sleep(for: .milliseconds(10))
        }
        running.cancel()
        await running.value
        let ended = try temporary.store.importJobs(datastoreID: datastore)
        #expect(ended.count == 5 && ended.allSatisfy { $0.status == .completed })
        let record = try #require(try temporary.store.imageSets(datastoreID: datastore).first)
        #expect(record.version == 5, "one version a job")
        #expect(try lines(jobs[0], "SUCCESS/success.ndjson").count == 2)
    }

    @Test("a job that another server has is left to it, and a data store with such a job is not deleted")
    func claimed() async throws {
        let job = try submit(request())
        let lock = try #require(try temporary.store.claimImportJob(job, datastoreID: datastore))
        #expect(try await run(job).status == .submitted)
        #expect(throws: StoreError.self) { try temporary.store.deleteDatastore(datastore) }
        withExtendedLifetime(lock) {}
    }

    @Test("S3 URIs are a bucket and a prefix, or nothing")
    func locations() {
        #expect(S3Location("s3://bucket") == S3Location(bucket: "bucket", prefix: ""))
        #expect(S3Location("s3://bucket/") == S3Location(bucket: "bucket", prefix: ""))
        #expect(S3Location("s3://bucket/a b/ü")?.prefix == "a b/ü")
        #expect(S3Location("s3://bucket/a")?.folderPrefix == "a/")
        for wrong in [
            "", "bucket", "s3:/bucket", "s3://", "s3://B", "s3://a/x", "https://bucket/x", "s3://../x",
        ] {
            #expect(S3Location(wrong) == nil, "\(wrong)")
        }
    }
}
