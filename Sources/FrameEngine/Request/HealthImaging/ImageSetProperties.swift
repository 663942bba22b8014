import Foundation

/// One version of an image set, as GetImageSet tells of it.
public struct ImageSetProperties: Sendable, Hashable, Decodable {
    public let datastoreID: HealthImagingID
    public let imageSetID: HealthImagingID
    public let versionID: String
    public let state: ImageSetState
    public let workflowStatus: ImageSetWorkflowStatus?
    public let createdAt: Date?
    public let updatedAt: Date?
    public let deletedAt: Date?
    public let lastAccessedAt: Date?
    public let message: String?
    public let arn: String?
    public let overrides: ImageSetOverrides?
    public let isPrimary: Bool?
    public let storageTier: StorageTier?

    private enum CodingKeys: String, CodingKey {
        case datastoreID = "datastoreId"
        case imageSetID = "imageSetId"
        case versionID = "versionId"
        case state = "imageSetState"
        case workflowStatus = "imageSetWorkflowStatus"
        case createdAt, updatedAt, deletedAt, lastAccessedAt, message, overrides, isPrimary, storageTier
        case arn = "imageSetArn"
    }
}
