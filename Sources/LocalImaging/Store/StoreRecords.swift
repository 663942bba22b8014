import Foundation
import FrameEngine

/// A data store, as the store keeps it.
public struct DatastoreRecord: Hashable, Sendable {
    public let id: HealthImagingID
    public let name: String
    public let createdAt: Date
    public let updatedAt: Date
    /// `HTJ2K` or `JPEG_2000_LOSSLESS`.
    public let losslessStorageFormat: String
    public let kmsKeyARN: String?
    public let lambdaAuthorizerARN: String?
    /// The token of the request that created it: the same token again means the same data store.
    public let clientToken: String?
}

/// One version of an image set, as the store keeps it. Never changes once it is there.
public struct ImageSetRecord: Hashable, Sendable {
    public let datastoreID: HealthImagingID
    public let id: HealthImagingID
    /// 1 for the first.
    public let version: Int
    /// When version 1 was committed.
    public let createdAt: Date
    /// When this version was committed.
    public let updatedAt: Date
    /// An `ImageSetWorkflowStatus` of the API: `CREATED`, `UPDATED`, `COPIED`…
    public let workflowStatus: String
    public let isPrimary: Bool
    /// Whether the change that made this version was forced (`overrides.forced`).
    public let isForced: Bool
    public let tags: DICOMTags
    /// Frames in the image set.
    public let frameCount: Int
    /// The stored syntax of every frame that `otherFrameSyntaxes` does not name.
    public let frameSyntax: TransferSyntax
    /// Frames of another stored syntax; empty for nearly every image set.
    public let otherFrameSyntaxes: [HealthImagingID: TransferSyntax]
    /// The import job that made this version; nil for versions that came about otherwise.
    var importJobID: String?
    /// What is going on with the image set, whatever the version; nil most of the time. It may be over by now.
    var activity: ImageSetActivity?

    /// The stored syntax of one frame.
    public func storedSyntax(of frame: HealthImagingID) -> TransferSyntax {
        otherFrameSyntaxes[frame] ?? frameSyntax
    }
}

/// `datastore.json`.
struct DatastoreFile: Codable {
    var datastoreId: String
    var datastoreName: String
    var createdAt: Double
    var updatedAt: Double
    var losslessStorageFormat: String
    var kmsKeyArn: String?
    var lambdaAuthorizerArn: String?
    var clientToken: String?

    init(_ record: DatastoreRecord) {
        datastoreId = record.id.description
        datastoreName = record.name
        createdAt = record.createdAt.timeIntervalSince1970
        updatedAt = record.updatedAt.timeIntervalSince1970
        losslessStorageFormat = record.losslessStorageFormat
        kmsKeyArn = record.kmsKeyARN
        lambdaAuthorizerArn = record.lambdaAuthorizerARN
        clientToken = record.clientToken
    }

    func record(id: HealthImagingID) -> DatastoreRecord {
        DatastoreRecord(
            id: id, name: datastoreName, createdAt: Date(timeIntervalSince1970: createdAt),
            updatedAt: Date(timeIntervalSince1970: updatedAt), losslessStorageFormat: losslessStorageFormat,
            kmsKeyARN: kmsKeyArn, lambdaAuthorizerARN: lambdaAuthorizerArn, clientToken: clientToken)
    }
}

/// `imageset.json`.
struct ImageSetFile: Codable {
    var imageSetId: String
    var version: Int
    var createdAt: Double
    var updatedAt: Double
    var workflowStatus: String
    var isPrimary: Bool
    var isForced: Bool?
    var importJobId: String?
    var frameCount: Int
    var frameSyntaxUID: String
    var tags: DICOMTags

    init(_ record: ImageSetRecord) {
        imageSetId = record.id.description
        version = record.version
        createdAt = record.createdAt.timeIntervalSince1970
        updatedAt = record.updatedAt.timeIntervalSince1970
        workflowStatus = record.workflowStatus
        isPrimary = record.isPrimary
        isForced = record.isForced ? true : nil
        importJobId = record.importJobID
        frameCount = record.frameCount
        frameSyntaxUID = record.frameSyntax.uid
        tags = record.tags
    }

    func record(
        datastoreID: HealthImagingID, id: HealthImagingID, version: Int,
        otherFrameSyntaxes: [HealthImagingID: TransferSyntax]
    ) -> ImageSetRecord {
        ImageSetRecord(
            datastoreID: datastoreID, id: id, version: version,
            createdAt: Date(timeIntervalSince1970: createdAt),
            updatedAt: Date(timeIntervalSince1970: updatedAt),
            workflowStatus: workflowStatus, isPrimary: isPrimary, isForced: isForced ?? false, tags: tags,
            frameCount: frameCount, frameSyntax: TransferSyntax(uid: frameSyntaxUID),
            otherFrameSyntaxes: otherFrameSyntaxes, importJobID: importJobId)
    }
}

/// `frame-syntaxes.json`: frame ids by the UID of their stored syntax.
struct FrameSyntaxesFile: Codable {
    var framesBySyntax: [String: [String]]

    init(_ syntaxes: [HealthImagingID: TransferSyntax]) {
        framesBySyntax = [:]
        for (frame, syntax) in syntaxes { framesBySyntax[syntax.uid, default: []].append(frame.description) }
    }

    var syntaxes: [HealthImagingID: TransferSyntax] {
        var result: [HealthImagingID: TransferSyntax] = [:]
        for (uid, frames) in framesBySyntax {
            for frame in frames {
                if let id = HealthImagingID(frame) { result[id] = TransferSyntax(uid: uid) }
            }
        }
        return result
    }
}

/// The JSON form of the store's own files.
enum StoreJSON {
    static func encode(_ value: some Encodable, for path: String) throws(StoreError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return [UInt8](try encoder.encode(value)) + [UInt8(ascii: "\n")]
        } catch {
            throw .damaged(path: path, reason: "its content cannot be written as JSON")
        }
    }

    static func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8], path: String
    ) throws(StoreError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw .damaged(path: path, reason: "it is not the JSON that the store writes")
        }
    }
}
