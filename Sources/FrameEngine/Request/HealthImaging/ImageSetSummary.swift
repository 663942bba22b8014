import Foundation

/// One image set, as SearchImageSets tells of it.
public struct ImageSetSummary: Sendable, Hashable, Decodable {
    public let imageSetID: HealthImagingID
    /// The latest version; nil where the service does not tell.
    public let version: Int?
    public let createdAt: Date?
    public let updatedAt: Date?
    public let lastAccessedAt: Date?
    public let isPrimary: Bool?
    public let storageTier: StorageTier?
    /// The search's DICOM tags by the API's names (`DICOMStudyInstanceUID`, `DICOMPatientId`…), as text; empty ones left out.
    public let tags: [String: String]

    public var patientID: String? { tags["DICOMPatientId"] }
    public var studyInstanceUID: String? { tags["DICOMStudyInstanceUID"] }
    public var seriesInstanceUID: String? { tags["DICOMSeriesInstanceUID"] }

    private enum CodingKeys: String, CodingKey {
        case imageSetID = "imageSetId"
        case version, createdAt, updatedAt, lastAccessedAt, isPrimary, storageTier
        case tags = "DICOMTags"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        imageSetID = try container.decode(HealthImagingID.self, forKey: .imageSetID)
        version = try container.decodeIfPresent(LooseText.self, forKey: .version).flatMap { Int($0.text) }
        createdAt = try container.decodeIfPresent(Date.self, forKey: .createdAt)
        updatedAt = try container.decodeIfPresent(Date.self, forKey: .updatedAt)
        lastAccessedAt = try container.decodeIfPresent(Date.self, forKey: .lastAccessedAt)
        isPrimary = try container.decodeIfPresent(Bool.self, forKey: .isPrimary)
        storageTier = try container.decodeIfPresent(StorageTier.self, forKey: .storageTier)
        let tags = try container.decodeIfPresent([String: LooseText?].self, forKey: .tags)
        self.tags = (tags ?? [:]).compactMapValues { $0?.text }.filter { !$0.value.isEmpty }
    }
}
