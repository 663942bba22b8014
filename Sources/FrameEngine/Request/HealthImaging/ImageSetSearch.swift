import Foundation

/// Which image sets to search for. What is nil does not narrow the search; all that is given must hold.
///
/// The service takes two conditions at most: what is more than that is checked on the answers that it gives.
public struct ImageSetSearch: Sendable, Hashable {
    /// In which order image sets come.
    public struct Order: Sendable, Hashable {
        public enum Field: String, Sendable, CaseIterable, Encodable {
            case updatedAt
            case createdAt
            case studyDateAndTime = "DICOMStudyDateAndTime"
        }

        public enum Direction: String, Sendable, CaseIterable, Encodable {
            case ascending = "ASC"
            case descending = "DESC"
        }

        public var field: Field
        public var direction: Direction

        public init(_ field: Field, _ direction: Direction) {
            self.field = field
            self.direction = direction
        }
    }

    public var studyInstanceUID: String?
    public var seriesInstanceUID: String?
    public var patientID: String?
    public var accessionNumber: String?
    public var studyID: String?
    /// When the study was made, by its DICOM date and time.
    public var studyDates: SearchRange<DICOMDateTime>?
    /// When the image set was made.
    public var createdAt: SearchRange<Date>?
    /// When the image set was changed last.
    public var updatedAt: SearchRange<Date>?
    /// Whether it is the one image set of its series that DICOMweb answers with.
    public var isPrimary: Bool?
    /// Nil for the service's own: changed last comes first.
    public var order: Order?

    public init(
        studyInstanceUID: String? = nil, seriesInstanceUID: String? = nil, patientID: String? = nil,
        accessionNumber: String? = nil, studyID: String? = nil, studyDates: SearchRange<DICOMDateTime>? = nil,
        createdAt: SearchRange<Date>? = nil, updatedAt: SearchRange<Date>? = nil, isPrimary: Bool? = nil,
        order: Order? = nil
    ) {
        self.studyInstanceUID = studyInstanceUID
        self.seriesInstanceUID = seriesInstanceUID
        self.patientID = patientID
        self.accessionNumber = accessionNumber
        self.studyID = studyID
        self.studyDates = studyDates
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.isPrimary = isPrimary
        self.order = order
    }

    /// Every image set of the data store.
    public static let all = ImageSetSearch()

    /// Every image set of a study, by StudyInstanceUID.
    public static func study(_ uid: String) -> ImageSetSearch { ImageSetSearch(studyInstanceUID: uid) }

    /// Every image set that holds a series, by SeriesInstanceUID.
    public static func series(_ uid: String) -> ImageSetSearch { ImageSetSearch(seriesInstanceUID: uid) }

    /// Every image set of a patient, by PatientID.
    public static func patient(_ id: String) -> ImageSetSearch { ImageSetSearch(patientID: id) }
}
