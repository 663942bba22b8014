import Foundation

/// One data store, as ListDatastores and GetDatastore tell of it.
public struct DatastoreSummary: Sendable, Hashable, Decodable {
    public let id: HealthImagingID
    public let status: DatastoreStatus
    public let arn: String?
    public let createdAt: Date?
    public let updatedAt: Date?
    /// Told by GetDatastore alone, as the following two; nil where the store is encrypted with the service's own key.
    public let kmsKeyARN: String?
    /// The function that checks bearer tokens of DICOMweb requests.
    public let lambdaAuthorizerARN: String?
    public let losslessStorageFormat: LosslessStorageFormat?
    private let givenName: String?

    /// Empty where the data store has none.
    public var name: String { givenName ?? "" }

    private enum CodingKeys: String, CodingKey {
        case id = "datastoreId"
        case status = "datastoreStatus"
        case arn = "datastoreArn"
        case createdAt, updatedAt
        case kmsKeyARN = "kmsKeyArn"
        case lambdaAuthorizerARN = "lambdaAuthorizerArn"
        case losslessStorageFormat
        case givenName = "datastoreName"
    }
}
