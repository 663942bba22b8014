/// A data store that is being made or deleted, as CreateDatastore and DeleteDatastore tell of it.
public struct DatastoreChange: Sendable, Hashable, Decodable {
    public let id: HealthImagingID
    public let status: DatastoreStatus

    private enum CodingKeys: String, CodingKey {
        case id = "datastoreId"
        case status = "datastoreStatus"
    }
}
