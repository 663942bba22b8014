import Foundation
import FrameEngine

/// A DICOM import job, as the store keeps it: `importjobs/<jobId>.json`.
struct ImportJobRecord: Codable, Hashable, Sendable {
    enum Status: String, Codable, CaseIterable, Sendable {
        case submitted = "SUBMITTED"
        case inProgress = "IN_PROGRESS"
        case completed = "COMPLETED"
        case failed = "FAILED"

        var isFinal: Bool { self == .completed || self == .failed }
    }

    /// What the caller asked for.
    struct Request: Codable, Hashable, Sendable {
        var clientToken: String
        var jobName: String?
        var dataAccessRoleArn: String
        var inputS3Uri: String
        var outputS3Uri: String
        var inputOwnerAccountId: String?
    }

    let jobId: String
    let datastoreId: String
    let request: Request
    var status: Status
    /// Seconds since 1970.
    let submittedAt: Double
    var endedAt: Double?
    /// Why it failed; one line in the API's alphabet.
    var message: String?

    /// The folder with the results, below the one that was asked for.
    var output: S3Location? {
        S3Location(request.outputS3Uri).map { asked in
            S3Location(
                bucket: asked.bucket, prefix: asked.folderPrefix + "\(datastoreId)-DicomImport-\(jobId)/")
        }
    }

    /// `message` in the alphabet that the API model allows, `[\w -:`]`, and not too long.
    static func message(_ text: String) -> String {
        let allowed = text.unicodeScalars.map { scalar -> Character in
            let isWord = scalar.properties.isAlphabetic || scalar == "_" || scalar == "`"
            return isWord || (0x20...0x3a).contains(scalar.value) ? Character(scalar) : ","
        }
        return String(allowed.prefix(2048))
    }
}
