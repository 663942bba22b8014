import Foundation

/// One version of an image set, as ListImageSetVersions tells of it.
public struct ImageSetVersion: Sendable, Hashable, Decodable {
    public let imageSetID: HealthImagingID
    public let versionID: String
    public let state: ImageSetState
    public let workflowStatus: ImageSetWorkflowStatus?
    public let createdAt: Date?
    public let updatedAt: Date?
    public let deletedAt: Date?
    public let message: String?
    public let overrides: ImageSetOverrides?
    public let isPrimary: Bool?

    private enum CodingKeys: String, CodingKey {
        case imageSetID = "imageSetId"
        case versionID = "versionId"
        case state = "imageSetState"
        // With a capital here, and nowhere else in the API.
        case workflowStatus = "ImageSetWorkflowStatus"
        case createdAt, updatedAt, deletedAt, message, overrides, isPrimary
    }
}
