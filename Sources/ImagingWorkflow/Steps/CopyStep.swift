import FrameEngine
import Synchronization

/// Copies files into a bucket: objects within S3 with CopyObject, local DICOM files with PutObject. A value; any thread.
///
/// What the bucket has already, in the same size and with the same ETag, is left alone: the same copy again goes on where
/// the last one stopped. (An object that was put in parts has an ETag that a copy does not get, and is copied again.)
package struct CopyStep: Sendable {
    /// The most bytes of local files in memory at once; a larger file comes alone.
    private static let memoryLimit = 256 << 20

    private let s3: S3Client
    /// Requests at once.
    private let concurrency: Int

    package init(s3: S3Client, concurrency: Int = 32) {
        self.s3 = s3
        self.concurrency = max(1, concurrency)
    }

    /// Copies everything there is to copy.
    ///
    /// - Parameters:
    ///   - prefix: the folder in the bucket; empty for none.
    ///   - createsBucket: make the bucket if there is none.
    ///   - report: is told after each file, from any thread, one call at a time.
    /// - Returns: what was done; files that failed alone are among it. The caller decides what that means.
    /// - Throws: `StepError` before anything is copied where there is nothing to copy, or something that cannot be; a
    ///   client's error that every file would meet (permission, credentials, no bucket).
    package func copy(
        _ source: CopySource, to bucket: String, prefix: String, createsBucket: Bool = false,
        report: @escaping @Sendable (CopyProgress) -> Void = { _ in }
    ) async throws -> CopyResult {
        let destination = CopyPlan.folder(prefix)
        let plan: CopyPlan
        switch source {
        case .bucket(let name, let prefix):
            plan = try await CopyPlan(bucket: name, prefix: prefix, destination: destination, s3: s3)
        case .files(let paths):
            plan = try CopyPlan(files: paths, destination: destination)
        }
        let checked = try plan.checked()
        let present = try await present(in: bucket, prefix: destination, createsBucket: createsBucket)
        return try await Run(
            s3: s3, bucket: bucket, present: present,
            tally: CopyTally(checked, report: report),
            memory: AsyncBudget(limit: Self.memoryLimit)
        ).copy(checked, concurrency: concurrency)
    }

    /// What the destination has already.
    private func present(
        in bucket: String, prefix: String, createsBucket: Bool
    ) async throws -> [KeyBytes: S3Object] {
        var found: [KeyBytes: S3Object] = [:]
        do {
            for try await page in s3.objects(in: bucket, prefix: prefix) {
                for object in page { found[KeyBytes(object.key)] = object }
            }
        } catch let error as ServiceError where error.awsCode == "NoSuchBucket" {
            guard createsBucket else {
                throw StepError(
                    .notFound,
                    "there is no bucket '\(bucket)'; make it first, or have it made with --create-bucket")
            }
            try await create(bucket, insteadOf: error)
        } catch let error as ServiceError where error.status == 403 && createsBucket {
            // Somebody else's bucket answers so; whether that is why, only making it tells.
            try await create(bucket, insteadOf: error)
        }
        return found
    }

    /// - Parameter problem: why the bucket is not used as it is, which is thrown when it turns out to be the caller's.
    private func create(_ bucket: String, insteadOf problem: ServiceError) async throws {
        do {
            try await s3.createBucket(bucket)
        } catch let error as ServiceError where error.awsCode == "BucketAlreadyOwnedByYou" {
            throw problem
        } catch let error as ServiceError where error.awsCode == "BucketAlreadyExists" {
            throw StepError(
                .exists,
                "the bucket name '\(bucket)' is taken by another account; all accounts share the names: take another"
            )
        }
    }
}

extension CopyStep {
    /// One copy at work.
    private struct Run: Sendable {
        let s3: S3Client
        let bucket: String
        let present: [KeyBytes: S3Object]
        let tally: CopyTally
        let memory: AsyncBudget

        func copy(_ plan: CopyPlan, concurrency: Int) async throws -> CopyResult {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, item) in plan.items.enumerated() {
                    if index >= concurrency { try await group.next() }
                    group.addTask { try await copyOrNote(item) }
                }
                try await group.waitForAll()
            }
            var result = tally.result
            let order = Dictionary(
                plan.items.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
            result.failures.sort { order[$0.source, default: 0] < order[$1.source, default: 0] }
            return result
        }

        /// Copies one file. What only this file meets is noted; what every other would meet as well is thrown.
        private func copyOrNote(_ item: CopyItem) async throws {
            do {
                let isNew: Bool
                switch item.source {
                case .object(let source, let key, let etag):
                    isNew = try await copy(item, from: source, key: key, etag: etag)
                case .file(let path): isNew = try await upload(item, path: path)
                }
                tally.add(item, isNew: isNew)
            } catch let error as any StageError where !Self.meetsAll(error) {
                tally.add(failure: error, of: item)
            }
        }

        /// Whether every other file would end in this error too.
        private static func meetsAll(_ error: any StageError) -> Bool {
            switch error {
            case let error as ServiceError:
                // 507: the disk of a local data store is full.
                error.kind == .credentials || error.awsCode == "NoSuchBucket" || error.status == 507
            // The transport was asked again and again before it came to this.
            case is CredentialsError, is SettingsError, is TransportError: true
            default: false
            }
        }

        private func copy(
            _ item: CopyItem, from source: String, key: String, etag: String
        ) async throws -> Bool {
            if let there = present[KeyBytes(item.key)], there.size == item.size, there.etag == etag {
                return false
            }
            try await s3.copyObject(from: (source, key), to: item.key, in: bucket)
            return true
        }

        private func upload(_ item: CopyItem, path: String) async throws -> Bool {
            let lease = try await memory.take(item.size)
            defer { lease.release() }
            let bytes = try Self.read(path)
            if let there = present[KeyBytes(item.key)], there.size == bytes.count,
                there.etag == ContentMD5.hexadecimal(of: bytes)
            {
                return false
            }
            try await s3.putObject(bytes, as: item.key, in: bucket, contentType: "application/dicom")
            return true
        }

        private static func read(_ path: String) throws(StepError) -> [UInt8] {
            let file = FileBytes.read(
                path, limit: S3Client.objectBytesLimit, onlyRegular: true, into: BufferPool())
            switch file {
            case .success(let buffer): return Array(buffer.bytes)
            case .failure(let error): throw StepError(.file, error.message)
            }
        }
    }
}

/// Counts what is done, and reports it, one file after the other.
private final class CopyTally: Sendable {
    private struct State {
        var progress: CopyProgress
        var result: CopyResult
    }

    private let state: Mutex<State>
    private let report: @Sendable (CopyProgress) -> Void

    init(_ plan: CopyPlan, report: @escaping @Sendable (CopyProgress) -> Void) {
        var result = CopyResult()
        result.otherFiles = plan.otherFiles
        let progress = CopyProgress(
            total: plan.items.count, totalBytes: plan.items.reduce(0) { $0 + $1.size })
        state = Mutex(State(progress: progress, result: result))
        self.report = report
        report(progress)
    }

    var result: CopyResult { state.withLock { $0.result } }

    func add(_ item: CopyItem, isNew: Bool) {
        state.withLock { state in
            if isNew {
                state.result.copied += 1
                state.result.bytes += item.size
            } else {
                state.result.skipped += 1
            }
            state.progress.done += 1
            state.progress.bytesDone += item.size
            report(state.progress)
        }
    }

    func add(failure error: any StageError, of item: CopyItem) {
        state.withLock { state in
            state.result.failures.append(CopyResult.Failure(source: item.name, error: error))
            state.progress.done += 1
            state.progress.failed += 1
            report(state.progress)
        }
    }
}
