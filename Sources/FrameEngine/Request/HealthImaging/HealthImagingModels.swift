import Foundation

/// One data store, as ListDatastores and GetDatastore tell of it.
public struct DatastoreSummary: Sendable, Hashable {
    public let id: HealthImagingID
    /// Empty where the data store has none.
    public let name: String
    /// `CREATING`, `ACTIVE`…: an open list.
    public let status: String
    public let arn: String?
    public let createdAt: Date?
    public let updatedAt: Date?
}

/// One image set, as SearchImageSets tells of it.
public struct ImageSetSummary: Sendable, Hashable {
    public let imageSetID: HealthImagingID
    /// The latest version; nil where the service does not tell.
    public let version: Int?
    public let createdAt: Date?
    public let updatedAt: Date?
    public let isPrimary: Bool?
    public let storageTier: String?
    /// The search's DICOM tags by the API's names (`DICOMStudyInstanceUID`, `DICOMPatientId`…), as text; empty ones left out.
    public let tags: [String: String]

    public var studyInstanceUID: String? { tags["DICOMStudyInstanceUID"] }
    public var seriesInstanceUID: String? { tags["DICOMSeriesInstanceUID"] }
}

/// One image set, as GetImageSet tells of it.
public struct ImageSetProperties: Sendable, Hashable {
    public let datastoreID: HealthImagingID
    public let imageSetID: HealthImagingID
    public let versionID: String
    /// `ACTIVE`, `LOCKED`, `DELETED`…: an open list.
    public let state: String
    public let workflowStatus: String?
    public let createdAt: Date?
    public let updatedAt: Date?
    public let deletedAt: Date?
    public let message: String?
    public let arn: String?
    public let isPrimary: Bool?
    public let storageTier: String?
}

/// Which image sets to search for. What is nil does not narrow the search.
public struct ImageSetSearch: Sendable, Hashable {
    public var studyInstanceUID: String?
    public var seriesInstanceUID: String?

    public init(studyInstanceUID: String? = nil, seriesInstanceUID: String? = nil) {
        self.studyInstanceUID = studyInstanceUID
        self.seriesInstanceUID = seriesInstanceUID
    }

    /// Every image set of the data store.
    public static let all = ImageSetSearch()

    /// Every image set of a study, by StudyInstanceUID.
    public static func study(_ uid: String) -> ImageSetSearch { ImageSetSearch(studyInstanceUID: uid) }

    /// Every image set that holds a series, by SeriesInstanceUID.
    public static func series(_ uid: String) -> ImageSetSearch { ImageSetSearch(seriesInstanceUID: uid) }

    /// The request's body: filters that must all hold (SearchImageSets, searchCriteria).
    var criteria: [UInt8] {
        struct Criteria: Encodable {
            struct Filter: Encodable {
                let values: [[String: String]]
                let `operator` = "EQUAL"
            }
            var filters: [Filter]?
        }
        let values = [
            studyInstanceUID.map { ["DICOMStudyInstanceUID": $0] },
            seriesInstanceUID.map { ["DICOMSeriesInstanceUID": $0] },
        ]
        let filters = values.compactMap { $0 }.map { Criteria.Filter(values: [$0]) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let data = try? encoder.encode(Criteria(filters: filters.isEmpty ? nil : filters))
        return data.map { [UInt8]($0) } ?? Array("{}".utf8)
    }
}
