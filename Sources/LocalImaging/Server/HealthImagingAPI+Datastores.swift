import Foundation
import FrameEngine

/// CreateDatastore, GetDatastore, ListDatastores, DeleteDatastore.
extension HealthImagingAPI {
    private struct CreateRequest: Decodable {
        var datastoreName: String?
        var clientToken: String
        var tags: [String: String]?
        var kmsKeyArn: String?
        var lambdaAuthorizerArn: String?
        var losslessStorageFormat: String?
    }

    /// The answer to CreateDatastore and DeleteDatastore.
    private struct StatusResponse: Encodable {
        let datastoreId: String
        let datastoreStatus: String
    }

    private struct Properties: Encodable {
        let datastoreId: String
        let datastoreName: String
        let datastoreStatus = "ACTIVE"
        var kmsKeyArn: String?
        var lambdaAuthorizerArn: String?
        var losslessStorageFormat: String?
        let datastoreArn: String
        let createdAt: EpochSeconds
        let updatedAt: EpochSeconds
    }

    private struct GetResponse: Encodable { let datastoreProperties: Properties }

    private struct ListResponse: Encodable {
        let datastoreSummaries: [Properties]
        let nextToken: String?
    }

    func createDatastore(_ request: APIRequest) throws(APIError) -> APIResponse {
        let wanted = try decode(CreateRequest.self, request)
        let format = wanted.losslessStorageFormat ?? "HTJ2K"
        try check(wanted.clientToken, "clientToken", lengths: 1...64, also: "._-")
        if let name = wanted.datastoreName {
            try check(name, "datastoreName", lengths: 1...256, also: "._/#-")
        }
        guard ["HTJ2K", "JPEG_2000_LOSSLESS"].contains(format) else {
            throw .validation("losslessStorageFormat must be HTJ2K or JPEG_2000_LOSSLESS")
        }
        try Self.checkTags(wanted.tags ?? [:])
        let record = try stored { () throws(StoreError) in
            try store.createDatastore(
                name: wanted.datastoreName ?? "datastore", clientToken: wanted.clientToken,
                tags: wanted.tags ?? [:], losslessStorageFormat: format, kmsKeyARN: wanted.kmsKeyArn,
                lambdaAuthorizerARN: wanted.lambdaAuthorizerArn)
        }
        return .json(StatusResponse(datastoreId: record.id.description, datastoreStatus: "CREATING"))
    }

    func getDatastore(_ id: HealthImagingID) throws(APIError) -> APIResponse {
        let record = try stored { () throws(StoreError) in try store.datastore(id) }
        var properties = summary(record)
        properties.kmsKeyArn = record.kmsKeyARN
        properties.lambdaAuthorizerArn = record.lambdaAuthorizerARN
        properties.losslessStorageFormat = record.losslessStorageFormat
        return .json(GetResponse(datastoreProperties: properties))
    }

    func listDatastores(_ request: APIRequest) throws(APIError) -> APIResponse {
        let status = try request.parameter("datastoreStatus")
        let statuses = ["CREATING", "CREATE_FAILED", "ACTIVE", "DELETING", "DELETED"]
        if let status, !statuses.contains(status) {
            throw .validation("datastoreStatus must be one of \(statuses.joined(separator: ", "))")
        }
        let page = try PageRequest(request, scope: "ListDatastores \(status ?? "")")
        // Creation and deletion are single steps here, so that every data store there is is active.
        let records = try stored { () throws(StoreError) in try store.datastores() }
            .filter { _ in status == nil || status == "ACTIVE" }
            .map { (position: PagePosition(date: $0.createdAt, id: $0.id.description), value: $0) }
        let (items, nextToken) = page.slice(records, descending: false)
        return .json(ListResponse(datastoreSummaries: items.map(summary), nextToken: nextToken))
    }

    func deleteDatastore(_ id: HealthImagingID) throws(APIError) -> APIResponse {
        try stored { () throws(StoreError) in try store.deleteDatastore(id) }
        return .json(StatusResponse(datastoreId: id.description, datastoreStatus: "DELETING"))
    }

    private func summary(_ record: DatastoreRecord) -> Properties {
        Properties(
            datastoreId: record.id.description, datastoreName: record.name,
            datastoreArn: arn(datastore: record.id), createdAt: EpochSeconds(record.createdAt),
            updatedAt: EpochSeconds(record.updatedAt))
    }
}
