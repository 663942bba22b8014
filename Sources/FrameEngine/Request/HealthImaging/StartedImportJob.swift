import Foundation

/// An import job that has just begun, as StartDICOMImportJob tells of it.
public struct StartedImportJob: Sendable, Hashable, Decodable {
    public let datastoreID: HealthImagingID
    public let jobID: ImportJobID
    public let status: JobStatus
    public let submittedAt: Date

    private enum CodingKeys: String, CodingKey {
        case datastoreID = "datastoreId"
        case jobID = "jobId"
        case status = "jobStatus"
        case submittedAt
    }
}
