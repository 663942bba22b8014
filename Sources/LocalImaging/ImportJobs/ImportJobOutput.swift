import Foundation
import FrameEngine

/// The files that a finished job leaves in its output bucket (developer guide, "Understanding import jobs").
struct ImportJobOutput {
    let job: ImportJobRecord
    let output: S3Location
    let report: ImportReport

    private struct Manifest: Encodable {
        let jobSummary: Summary
    }

    private struct Summary: Encodable {
        let jobId: String
        let datastoreId: String
        let inputS3Uri: String
        let outputS3Uri: String
        let successOutputS3Uri: String
        let failureOutputS3Uri: String
        let warningsOutputS3Uri: String
        let numberOfScannedFiles: Int
        let numberOfImportedFiles: Int
        let numberOfFilesWithCustomerError: Int
        let numberOfFilesWithServerError: Int
        let numberOfGeneratedImageSets: Int
        let imageSetsSummary: [ImageSetSummary]
    }

    private struct ImageSetSummary: Encodable {
        let imageSetId: String
        let imageSetVersion: Int
        let isPrimary: Bool
        let numberOfMatchedSOPInstances: Int
    }

    private struct Imported: Encodable {
        let inputFile: String
        let importResponse: Response
    }

    private struct Response: Encodable {
        let imageSetId: String
        let imageSetVersion: Int
        let isPrimary: Bool
        var warnings: [Warning]?
    }

    private struct Warning: Encodable {
        let code: Int
        let type: String
        let message: String

        enum CodingKeys: String, CodingKey {
            case code = "warning_reason_code"
            case type
            case message
        }
    }

    private struct Failed: Encodable {
        let inputFile: String
        let exception: Exception

        struct Exception: Encodable {
            let exceptionType: String
            let message: String
        }
    }

    /// Keys and contents, the manifest last: whoever sees it can read the others.
    var files: [(key: String, bytes: [UInt8])] {
        [
            (output.prefix + "SUCCESS/success.ndjson", Self.lines(successes)),
            (output.prefix + "FAILURE/failure.ndjson", Self.lines(failures)),
            (output.prefix + "WARNING/warning.ndjson", Self.lines(warnings)),
            (output.prefix + "job-output-manifest.json", Self.json(Manifest(jobSummary: summary))),
        ]
    }

    private var summary: Summary {
        let serverErrors = report.failures.count { Self.isServerError($0) }
        return Summary(
            jobId: job.jobId, datastoreId: job.datastoreId, inputS3Uri: job.request.inputS3Uri,
            outputS3Uri: output.uri, successOutputS3Uri: output.uri + "SUCCESS/",
            failureOutputS3Uri: output.uri + "FAILURE/", warningsOutputS3Uri: output.uri + "WARNING/",
            numberOfScannedFiles: report.filesScanned, numberOfImportedFiles: report.filesImported,
            numberOfFilesWithCustomerError: report.failures.count - serverErrors,
            numberOfFilesWithServerError: serverErrors, numberOfGeneratedImageSets: report.imageSets.count,
            imageSetsSummary: report.imageSets.map {
                ImageSetSummary(
                    imageSetId: $0.imageSetID, imageSetVersion: $0.version, isPrimary: $0.isPrimary,
                    numberOfMatchedSOPInstances: $0.instances)
            })
    }

    private var successes: [Imported] {
        report.imported.filter(\.warnings.isEmpty).map { line(of: $0, warnings: nil) }
    }

    private var warnings: [Imported] {
        report.imported.filter { !$0.warnings.isEmpty }.map { file in
            line(
                of: file,
                warnings: file.warnings.map { Warning(code: $0.code, type: $0.type, message: $0.message) })
        }
    }

    private var failures: [Failed] {
        report.failures.map { failure in
            Failed(
                inputFile: failure.path,
                exception: .init(
                    exceptionType: Self.isServerError(failure)
                        ? "InternalServerException" : "ValidationException",
                    message: failure.reason))
        }
    }

    private func line(of file: ImportReport.Imported, warnings: [Warning]?) -> Imported {
        let imageSet = report.imageSets[file.imageSet]
        return Imported(
            inputFile: file.path,
            importResponse: Response(
                imageSetId: imageSet.imageSetID, imageSetVersion: imageSet.version,
                isPrimary: imageSet.isPrimary,
                warnings: warnings))
    }

    private static func isServerError(_ failure: ImportReport.Refusal) -> Bool {
        failure.code == DICOMFileError.Kind.system.rawValue
    }

    private static func lines(_ values: [some Encodable]) -> [UInt8] {
        values.flatMap { json($0) + [UInt8(ascii: "\n")] }
    }

    private static func json(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        guard let data = try? encoder.encode(value) else {
            preconditionFailure("the job's own values hold strings and numbers only")
        }
        return [UInt8](data)
    }
}
