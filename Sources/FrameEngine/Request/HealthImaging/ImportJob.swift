import Foundation

/// An import job, as GetDICOMImportJob and ListDICOMImportJobs tell of it.
///
/// A job may be `COMPLETED` although files failed: the lists in its output folder say which.
public struct ImportJob: Sendable, Hashable, Decodable {
    public let id: ImportJobID
    /// Nil for a job without a name.
    public let name: String?
    public let status: JobStatus
    public let datastoreID: HealthImagingID
    public let dataAccessRoleARN: String?
    public let submittedAt: Date?
    public let endedAt: Date?
    /// Why it failed, where the service tells.
    public let message: String?
    /// Told by GetDICOMImportJob alone, as the following two.
    public let inputS3URI: String?
    public let outputS3URI: String?
    public let metadataMappings: [MetadataMapping]?

    private enum CodingKeys: String, CodingKey {
        case id = "jobId"
        case name = "jobName"
        case status = "jobStatus"
        case datastoreID = "datastoreId"
        case dataAccessRoleARN = "dataAccessRoleArn"
        case submittedAt, endedAt, message
        case inputS3URI = "inputS3Uri"
        case outputS3URI = "outputS3Uri"
        case configuration = "importConfiguration"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(ImportJobID.self, forKey: .id)
        name = try container.decodeIfPresent(String.self, forKey: .name)
        status = try container.decode(JobStatus.self, forKey: .status)
        datastoreID = try container.decode(HealthImagingID.self, forKey: .datastoreID)
        dataAccessRoleARN = try container.decodeIfPresent(String.self, forKey: .dataAccessRoleARN)
        submittedAt = try container.decodeIfPresent(Date.self, forKey: .submittedAt)
        endedAt = try container.decodeIfPresent(Date.self, forKey: .endedAt)
        message = try container.decodeIfPresent(String.self, forKey: .message)
        inputS3URI = try container.decodeIfPresent(String.self, forKey: .inputS3URI)
        outputS3URI = try container.decodeIfPresent(String.self, forKey: .outputS3URI)
        let configuration = try container.decodeIfPresent(ImportConfiguration.self, forKey: .configuration)
        metadataMappings = configuration?.dicomJsonMetadataImportConfiguration?.dicomMetadataMappings
    }
}
