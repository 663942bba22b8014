import Foundation
import FrameEngine
import NIOCore

/// GetImageSet, ListImageSetVersions, GetImageSetMetadata, GetImageFrame, DeleteImageSet.
extension HealthImagingAPI {
    private struct Overrides: Encodable { let forced: Bool }

    private struct ImageSetResponse: Encodable {
        let datastoreId: String
        let imageSetId: String
        let versionId: String
        let imageSetState: String
        let imageSetWorkflowStatus: String
        let createdAt: EpochSeconds
        let updatedAt: EpochSeconds
        let imageSetArn: String
        let overrides: Overrides?
        let isPrimary: Bool
        let storageTier = "FREQUENT_ACCESS"
    }

    private struct VersionProperties: Encodable {
        let imageSetId: String
        let versionId: String
        let imageSetState: String
        let imageSetWorkflowStatus: String
        let createdAt: EpochSeconds
        let updatedAt: EpochSeconds
        let overrides: Overrides?
        let isPrimary: Bool

        enum CodingKeys: String, CodingKey {
            case imageSetId
            case versionId
            case imageSetState
            // The API model spells it with a capital here, and only here.
            case imageSetWorkflowStatus = "ImageSetWorkflowStatus"
            case createdAt
            case updatedAt
            case overrides
            case isPrimary
        }
    }

    private struct VersionsResponse: Encodable {
        let imageSetPropertiesList: [VersionProperties]
        let nextToken: String?
    }

    private struct DeleteResponse: Encodable {
        let datastoreId: String
        let imageSetId: String
        let imageSetState = "LOCKED"
        let imageSetWorkflowStatus = "DELETING"
    }

    private struct FrameRequest: Decodable { var imageFrameId: String }

    func getImageSet(_ address: ImageSetAddress, _ request: APIRequest) throws(APIError) -> APIResponse {
        let record = try record(address, request)
        let status = status(of: record)
        return .json(
            ImageSetResponse(
                datastoreId: address.datastore.description, imageSetId: record.id.description,
                versionId: String(record.version), imageSetState: status.state,
                imageSetWorkflowStatus: status.workflow,
                createdAt: EpochSeconds(record.createdAt), updatedAt: EpochSeconds(record.updatedAt),
                imageSetArn: arn(datastore: address.datastore, imageSet: record.id),
                overrides: record.isForced ? Overrides(forced: true) : nil, isPrimary: record.isPrimary))
    }

    func listImageSetVersions(
        _ address: ImageSetAddress, _ request: APIRequest
    ) throws(APIError) -> APIResponse {
        let page = try PageRequest(
            request, scope: "ListImageSetVersions \(address.datastore) \(address.imageSet)")
        let versions = try stored { () throws(StoreError) in
            try store.versions(datastoreID: address.datastore, imageSetID: address.imageSet)
        }
        let positions = versions.map { (position: PagePosition(number: $0), value: $0) }
        // Newest first, as the service lists them.
        let (chosen, nextToken) = page.slice(positions, descending: true)
        var list: [VersionProperties] = []
        for version in chosen {
            let record = try stored { () throws(StoreError) in
                try store.imageSet(
                    datastoreID: address.datastore, imageSetID: address.imageSet, version: version)
            }
            // What goes on concerns the latest version; those before it do not change any more.
            let isLatest = version == versions.last
            let status =
                isLatest ? self.status(of: record) : (state: "ACTIVE", workflow: record.workflowStatus)
            list.append(
                VersionProperties(
                    imageSetId: record.id.description, versionId: String(record.version),
                    imageSetState: status.state, imageSetWorkflowStatus: status.workflow,
                    createdAt: EpochSeconds(record.createdAt),
                    updatedAt: EpochSeconds(record.updatedAt),
                    overrides: record.isForced ? Overrides(forced: true) : nil, isPrimary: record.isPrimary))
        }
        return .json(VersionsResponse(imageSetPropertiesList: list, nextToken: nextToken))
    }

    func getImageSetMetadata(
        _ address: ImageSetAddress, _ request: APIRequest
    ) throws(APIError) -> APIResponse {
        let record = try record(address, request)
        try checkIsReadable(record)
        let file = try stored { () throws(StoreError) in
            try OpenFile(
                store.metadataPath(
                    datastoreID: address.datastore, imageSetID: address.imageSet, version: record.version))
        }
        guard let file else { throw .notFound("image set \(address.imageSet) does not exist any more") }
        var response = try served(file, contentType: "application/json")
        response.fields.append(HTTPField("content-encoding", "gzip"))
        return response
    }

    func getImageFrame(_ address: ImageSetAddress, _ request: APIRequest) throws(APIError) -> APIResponse {
        let frame = try id(decode(FrameRequest.self, request).imageFrameId, "imageFrameId")
        let (path, syntax, record) = try stored { () throws(StoreError) in
            let record = try store.imageSet(datastoreID: address.datastore, imageSetID: address.imageSet)
            let file = store.frameFile(of: record, frameID: frame)
            return (file.path, file.syntax, record)
        }
        try checkIsReadable(record)
        guard let file = try stored({ () throws(StoreError) in try OpenFile(path) }) else {
            throw .notFound("image frame \(frame) does not exist in image set \(address.imageSet)")
        }
        return try served(file, contentType: Self.contentType(storedAs: syntax))
    }

    func deleteImageSet(_ address: ImageSetAddress) throws(APIError) -> APIResponse {
        try stored { () throws(StoreError) in
            try store.beginDeletion(
                datastoreID: address.datastore, imageSetID: address.imageSet, seconds: lockSeconds)
        }
        return .json(
            DeleteResponse(
                datastoreId: address.datastore.description, imageSetId: address.imageSet.description))
    }

    /// The Content-Type of frames stored in a syntax (API reference, GetImageFrame; the spelling is the model's).
    static func contentType(storedAs syntax: TransferSyntax) -> String {
        let prefix = "1.2.840.10008.1.2.4."
        guard syntax.uid.hasPrefix(prefix) else { return "application/octet-stream" }
        switch syntax.uid.dropFirst(prefix.count) {
        case "201", "202": return "image/jph"
        case "203": return "image/jphc"
        case "90", "91": return "image/j2c"
        case "50": return "image/jpeg"
        case "112": return "image/jxl"
        case "100", "100.1", "101", "101.1": return "video/mpeg"
        case "102", "102.1", "103", "103.1", "104", "104.1", "105", "105.1", "106", "106.1":
            return "video/mp4"
        case "107", "108": return "video/H256"
        default: return "application/octet-stream"
        }
    }

    /// State and workflow status of an image set's latest version.
    func status(of record: ImageSetRecord) -> (state: String, workflow: String) {
        record.currentActivity().map { ("LOCKED", $0.workflowStatus) } ?? ("ACTIVE", record.workflowStatus)
    }

    /// What is being deleted is not read any more.
    private func checkIsReadable(_ record: ImageSetRecord) throws(APIError) {
        guard !record.isBeingDeleted else {
            throw .conflict("image set \(record.id) is LOCKED (DELETING)")
        }
    }

    private func record(
        _ address: ImageSetAddress, _ request: APIRequest
    ) throws(APIError) -> ImageSetRecord {
        var version: Int?
        if let text = try request.parameter("version") {
            version = try self.version(text, "version")
        }
        return try stored { () throws(StoreError) in
            try store.imageSet(
                datastoreID: address.datastore, imageSetID: address.imageSet, version: version)
        }
    }

    /// A whole read for what fits in one buffer, a stream for what does not.
    private func served(_ file: OpenFile, contentType: String) throws(APIError) -> APIResponse {
        guard file.size <= FileStream.pieceInBytes else {
            return APIResponse(contentType: contentType, body: .file(file))
        }
        let bytes = try stored { () throws(StoreError) in try file.read(count: file.size, at: 0) }
        return APIResponse(contentType: contentType, body: .bytes(bytes))
    }
}
