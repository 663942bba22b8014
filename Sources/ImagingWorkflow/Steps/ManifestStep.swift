import Foundation
import FrameEngine

/// Reads single objects of S3: GetObject.
package protocol ObjectReading: Sendable {
    /// The object's bytes; nil where there is no such object.
    func object(_ key: String, in bucket: String, limit: Int) async throws -> [UInt8]?
}

/// Reads what an import job left in its output folder: the manifest, and the lists of files that failed or have
/// warnings. All of them may come some time after the job's end, so they are asked for again, up to a limit.
package struct ManifestStep: Sendable {
    /// What stands there.
    package struct Output: Sendable {
        package let summary: ImportSummary
        /// In the manifest's order, each once.
        package let imageSets: [ImportedImageSet]
    }

    /// The largest manifest or list that is read, in bytes: 5,000 files a job take a few MB.
    private static let byteLimit = 256 << 20

    private let reader: any ObjectReading
    private let attempts: Int
    private let wait: Duration

    package init(reader: any ObjectReading, attempts: Int = 20, wait: Duration = .seconds(3)) {
        self.reader = reader
        self.attempts = attempts
        self.wait = wait
    }

    /// - Parameter retried: told of each attempt that found no manifest, counted from 1.
    /// - Throws: `StepError` where there is no manifest after all attempts, or none that can be read.
    package func read(
        _ folder: S3Location, retried: @Sendable (Int) -> Void = { _ in }
    ) async throws -> Output {
        let manifest = try await manifest(folder, retried: retried)
        var summary = ImportSummary()
        let job = manifest.jobSummary
        summary.scanned = Manifest.count(job.numberOfScannedFiles)
        summary.imported = Manifest.count(job.numberOfImportedFiles)
        summary.failedByInput = Manifest.count(job.numberOfFilesWithCustomerError)
        summary.failedByService = Manifest.count(job.numberOfFilesWithServerError)
        let expectsFailures = summary.failedByInput + summary.failedByService > 0
        for line in try await lines(
            "FAILURE/failure.ndjson", of: folder, isExpected: expectsFailures, as: FailureLine.self
        )
        .prefix(ImportSummary.filesKept) {
            summary.failures.append(line.file)
        }
        let warned = try await lines(
            "WARNING/warning.ndjson", of: folder, isExpected: false, as: WarningLine.self)
        summary.warned = Set(warned.map(\.inputFile)).count
        summary.warnings = Array(warned.flatMap(\.files).prefix(ImportSummary.filesKept))
        return Output(summary: summary, imageSets: job.imageSets)
    }

    private func manifest(_ folder: S3Location, retried: @Sendable (Int) -> Void) async throws -> Manifest {
        let key = folder.asFolder.prefix + "job-output-manifest.json"
        let place = "s3://\(folder.bucket)/\(key)"
        guard let bytes = try await object(key, in: folder.bucket, isExpected: true, retried: retried) else {
            throw StepError(
                .timeout,
                "\(place) is not there after \(attempts) attempts, though the import job is complete")
        }
        do {
            return try JSONDecoder().decode(Manifest.self, from: Data(bytes))
        } catch {
            throw StepError(.service, "\(place) is not the manifest of an import job")
        }
    }

    private func lines<Line: Decodable>(
        _ name: String, of folder: S3Location, isExpected: Bool, as type: Line.Type
    ) async throws -> [Line] {
        let key = folder.asFolder.prefix + name
        guard let bytes = try await object(key, in: folder.bucket, isExpected: isExpected, retried: { _ in })
        else {
            return []
        }
        let decoder = JSONDecoder()
        return try bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x0d }) { return nil }
            do {
                return try decoder.decode(Line.self, from: Data(line))
            } catch {
                throw StepError(.service, "s3://\(folder.bucket)/\(key) has a line that is no record")
            }
        }
    }

    /// An expected object is waited for; any other is taken as absent at once.
    private func object(
        _ key: String, in bucket: String, isExpected: Bool, retried: @Sendable (Int) -> Void
    ) async throws -> [UInt8]? {
        for attempt in 1... {
            if let bytes = try await reader.object(key, in: bucket, limit: Self.byteLimit) { return bytes }
            guard isExpected, attempt < attempts else { break }
            retried(attempt)
            try await Task.sleep(for: wait)
        }
        return nil
    }
}

/// `job-output-manifest.json` (developer guide, understanding import jobs). Whatever may be absent is optional.
private struct Manifest: Decodable {
    struct JobSummary: Decodable {
        struct ImageSet: Decodable {
            let imageSetId: HealthImagingID
            let imageSetVersion: Int?
            let isPrimary: Bool?
            let numberOfMatchedSOPInstances: Int?
        }

        let numberOfScannedFiles: Int?
        let numberOfImportedFiles: Int?
        let numberOfFilesWithCustomerError: Int?
        let numberOfFilesWithServerError: Int?
        let imageSetsSummary: [ImageSet]?

        /// The same id may stand there more than once: the counts belong together, the highest version is the last.
        var imageSets: [ImportedImageSet] {
            var order: [HealthImagingID] = []
            var found: [HealthImagingID: ImportedImageSet] = [:]
            for entry in imageSetsSummary ?? [] {
                let earlier = found[entry.imageSetId]
                if earlier == nil { order.append(entry.imageSetId) }
                let counts = [earlier?.instances, entry.numberOfMatchedSOPInstances.map(Manifest.count)]
                    .compactMap(\.self)
                found[entry.imageSetId] = ImportedImageSet(
                    id: entry.imageSetId,
                    version: [earlier?.version, entry.imageSetVersion].compactMap(\.self).max(),
                    isPrimary: entry.isPrimary ?? earlier?.isPrimary,
                    instances: counts.isEmpty ? nil : counts.reduce(0, +))
            }
            return order.compactMap { found[$0] }
        }
    }

    let jobSummary: JobSummary

    /// A count that can be added to others, whatever stands there: a job has 5,000 files at most.
    static func count(_ number: Int?) -> Int { min(max(number ?? 0, 0), 1 << 32) }
}

private struct FailureLine: Decodable {
    struct Problem: Decodable {
        let exceptionType: String?
        let message: String?
    }

    let inputFile: String
    let exception: Problem?

    var file: ImportSummary.File {
        ImportSummary.File(
            key: inputFile, kind: exception?.exceptionType ?? "unknown",
            message: exception?.message ?? "no reason given")
    }
}

private struct WarningLine: Decodable {
    struct Response: Decodable {
        struct Warning: Decodable {
            let type: String?
            let message: String?
        }

        let warnings: [Warning]?
    }

    let inputFile: String
    let importResponse: Response?

    var files: [ImportSummary.File] {
        let warnings = importResponse?.warnings ?? []
        if warnings.isEmpty {
            return [ImportSummary.File(key: inputFile, kind: "unknown", message: "no reason given")]
        }
        return warnings.map {
            ImportSummary.File(
                key: inputFile, kind: $0.type ?? "unknown", message: $0.message ?? "no reason given")
        }
    }
}
