/// A deletion that has begun, as DeleteImageSet tells of it: the image set is locked until it is gone.
public struct DeletedImageSet: Sendable, Hashable, Decodable {
    public let datastoreID: HealthImagingID
    public let imageSetID: HealthImagingID
    public let state: ImageSetState
    public let workflowStatus: ImageSetWorkflowStatus

    private enum CodingKeys: String, CodingKey {
        case datastoreID = "datastoreId"
        case imageSetID = "imageSetId"
        case state = "imageSetState"
        case workflowStatus = "imageSetWorkflowStatus"
    }
}
