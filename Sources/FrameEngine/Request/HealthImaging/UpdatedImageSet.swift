import Foundation

/// An update that has begun, as UpdateImageSetMetadata tells of it.
public struct UpdatedImageSet: Sendable, Hashable, Decodable {
    public let datastoreID: HealthImagingID
    public let imageSetID: HealthImagingID
    public let latestVersionID: String
    public let state: ImageSetState
    public let workflowStatus: ImageSetWorkflowStatus?
    public let createdAt: Date?
    public let updatedAt: Date?
    public let message: String?

    private enum CodingKeys: String, CodingKey {
        case datastoreID = "datastoreId"
        case imageSetID = "imageSetId"
        case latestVersionID = "latestVersionId"
        case state = "imageSetState"
        case workflowStatus = "imageSetWorkflowStatus"
        case createdAt, updatedAt, message
    }
}
