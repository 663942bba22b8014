import Foundation
import FrameEngine

/// Runs one import job from its first check to its last file.
///
/// A job that was interrupted is run again from its start: what it committed before is found by its id and not
/// committed twice.
struct ImportJobExecution: Sendable {
    let store: ImageSetStore
    /// Where input is read.
    let objects: any ObjectSource
    /// Where results go.
    let buckets: BucketStore
    let datastoreID: HealthImagingID
    let jobID: HealthImagingID
    /// Told of trouble that the caller of the API cannot mend.
    let onFailure: @Sendable (String) -> Void

    /// The service's quotas of one job.
    private static let filesLimit = 5_000
    private static let bytesLimit = 10 << 30
    private static let fileBytesLimit = 4_000_000_000

    /// Why a job failed; `text` is its message.
    private struct Refusal: Error {
        let text: String
    }

    /// Returns when the job is finished, or when another process has it. Cancelled, it leaves the job `IN_PROGRESS`.
    func run() async {
        do {
            guard let lock = try begin() else { return }
            defer { unlink(lock.path) }
            do {
                try await perform()
                try end(.completed, message: nil)
            } catch let refusal as Refusal {
                try end(.failed, message: refusal.text)
            } catch is CancellationError {
                return
            } catch let failure as DICOMImporter.Failure {
                try end(.failed, message: "Cannot import: \(failure.description)")
            } catch {
                onFailure("import job \(jobID): \(error)")
                try end(.failed, message: "The import failed inside of the server - its log says why.")
            }
        } catch StoreError.notFound {
            return  // the data store was deleted meanwhile
        } catch {
            onFailure("import job \(jobID): \(error)")
        }
    }

    private func begin() throws(StoreError) -> FileLock? {
        var job = try store.importJob(datastoreID: datastoreID, jobID: jobID)
        guard let lock = try store.claimImportJob(job, datastoreID: datastoreID) else { return nil }
        // It may have ended between the two.
        job = try store.importJob(datastoreID: datastoreID, jobID: jobID)
        guard !job.status.isFinal else { return nil }
        job.status = .inProgress
        try store.keepImportJob(job, datastoreID: datastoreID)
        return lock
    }

    private func end(_ status: ImportJobRecord.Status, message: String?) throws(StoreError) {
        var job = try store.importJob(datastoreID: datastoreID, jobID: jobID)
        job.status = status
        job.message = message.map(ImportJobRecord.message)
        job.endedAt = Date.now.timeIntervalSince1970
        try store.keepImportJob(job, datastoreID: datastoreID)
    }

    private func perform() async throws {
        let job = try store.importJob(datastoreID: datastoreID, jobID: jobID)
        guard let input = S3Location(job.request.inputS3Uri), let output = job.output else {
            throw Refusal(text: "The input or output S3 URI is malformed.")
        }
        try checkOutput(output)
        let entries = try inputs(of: input)
        var importer = DICOMImporter()
        importer.fileSizeLimit = Self.fileBytesLimit
        let report = try await importer.importEntries(
            entries, into: store, datastoreID: datastoreID, jobID: job.jobId)
        do throws(BucketError) {
            for (key, bytes) in ImportJobOutput(job: job, output: output, report: report).files {
                let type = key.hasSuffix(".json") ? "application/json" : "application/x-ndjson"
                try buckets.put(bytes, bucket: output.bucket, key: key, contentType: type)
            }
        } catch {
            throw Self.refusal(error, doing: "write to", output)
        }
    }

    private func checkOutput(_ output: S3Location) throws(Refusal) {
        do throws(BucketError) {
            guard try buckets.bucket(output.bucket) == nil else { return }
            // Built-in buckets exist and can only be read.
            throw try objects.bucket(output.bucket) == nil
                ? .noSuchBucket(output.bucket) : .readOnly(output.bucket)
        } catch {
            throw Self.refusal(error, doing: "write to", output)
        }
    }

    /// The objects below the prefix. Placeholders of folders, empty and with a slash at the end, are none.
    private func inputs(of input: S3Location) throws(Refusal) -> [ImportEntry] {
        var found: [ObjectRecord] = []
        do throws(BucketError) {
            var isTruncated = true
            while isTruncated, found.count <= Self.filesLimit {
                let page = try objects.list(
                    bucket: input.bucket, prefix: input.prefix, after: found.last?.key, limit: 1000)
                found += page.objects
                isTruncated = page.isTruncated && !page.objects.isEmpty
            }
        } catch {
            throw Self.refusal(error, doing: "read", input)
        }
        found.removeAll { $0.size == 0 && $0.key.hasSuffix("/") }
        guard !found.isEmpty else { throw Refusal(text: "No files were found under \(input.uri)") }
        guard found.count <= Self.filesLimit else {
            throw Refusal(text: "More than \(Self.filesLimit) files are under \(input.uri)")
        }
        guard found.reduce(0, { $0 + $1.size }) <= Self.bytesLimit else {
            throw Refusal(text: "The files under \(input.uri) have more than \(Self.bytesLimit) bytes")
        }
        return found.map(entry)
    }

    private func entry(_ object: ObjectRecord) -> ImportEntry {
        let objects = objects
        return ImportEntry(name: object.key, isNamed: true) { (limit) throws(DICOMFileError) in
            guard object.size <= limit else {
                throw DICOMFileError(
                    .unsupported, "the file has \(object.size) bytes and the limit is \(limit)")
            }
            var bytes: [UInt8]
            do throws(BucketError) {
                bytes = try objects.read(object)
            } catch .noSuchKey, .noSuchBucket {
                throw DICOMFileError(.unsupported, "the file was deleted before it was read")
            } catch {
                throw DICOMFileError(.system, "the file cannot be read")
            }
            return try DICOMFile(&bytes, limit: limit)
        }
    }

    private static func refusal(_ error: BucketError, doing action: String, _ location: S3Location) -> Refusal
    {
        switch error {
        case .noSuchBucket(let name):
            Refusal(text: "Cannot \(action) \(location.uri): the bucket \(name) does not exist")
        case .readOnly(let name):
            Refusal(text: "Cannot \(action) \(location.uri): access to the bucket \(name) is denied")
        default: Refusal(text: "Cannot \(action) \(location.uri)")
        }
    }
}
