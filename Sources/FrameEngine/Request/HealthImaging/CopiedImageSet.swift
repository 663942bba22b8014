import Foundation

/// A copy that has begun, as CopyImageSet tells of it.
public struct CopiedImageSet: Sendable, Hashable, Decodable {
    /// One of the two image sets of a copy.
    public struct Side: Sendable, Hashable, Decodable {
        public let imageSetID: HealthImagingID
        public let latestVersionID: String
        public let state: ImageSetState?
        public let workflowStatus: ImageSetWorkflowStatus?
        public let createdAt: Date?
        public let updatedAt: Date?
        public let arn: String?

        private enum CodingKeys: String, CodingKey {
            case imageSetID = "imageSetId"
            case latestVersionID = "latestVersionId"
            case state = "imageSetState"
            case workflowStatus = "imageSetWorkflowStatus"
            case createdAt, updatedAt
            case arn = "imageSetArn"
        }
    }

    public let datastoreID: HealthImagingID
    public let source: Side
    public let destination: Side

    private enum CodingKeys: String, CodingKey {
        case datastoreID = "datastoreId"
        case source = "sourceImageSetProperties"
        case destination = "destinationImageSetProperties"
    }
}
