/// The DICOM attributes that SearchImageSets answers with and searches by
/// (HealthImaging API model, `DICOMTags`). A member is nil where the series does not have the attribute.
///
/// The coding keys are the API's names, so that the value encodes to the API's JSON as it is.
public struct DICOMTags: Codable, Hashable, Sendable {
    public var patientID: String?
    public var patientName: String?
    /// As in DICOM, `YYYYMMDD`.
    public var patientBirthDate: String?
    public var patientSex: String?
    public var studyInstanceUID: String?
    public var studyID: String?
    public var studyDescription: String?
    public var numberOfStudyRelatedSeries: Int?
    public var numberOfStudyRelatedInstances: Int?
    public var accessionNumber: String?
    public var seriesInstanceUID: String?
    public var seriesModality: String?
    public var seriesBodyPart: String?
    public var seriesNumber: Int?
    /// As in DICOM, `YYYYMMDD`.
    public var studyDate: String?
    /// As in DICOM, `HHMMSS.FFFFFF` or a prefix of it.
    public var studyTime: String?

    enum CodingKeys: String, CodingKey {
        case patientID = "DICOMPatientId"
        case patientName = "DICOMPatientName"
        case patientBirthDate = "DICOMPatientBirthDate"
        case patientSex = "DICOMPatientSex"
        case studyInstanceUID = "DICOMStudyInstanceUID"
        case studyID = "DICOMStudyId"
        case studyDescription = "DICOMStudyDescription"
        case numberOfStudyRelatedSeries = "DICOMNumberOfStudyRelatedSeries"
        case numberOfStudyRelatedInstances = "DICOMNumberOfStudyRelatedInstances"
        case accessionNumber = "DICOMAccessionNumber"
        case seriesInstanceUID = "DICOMSeriesInstanceUID"
        case seriesModality = "DICOMSeriesModality"
        case seriesBodyPart = "DICOMSeriesBodyPart"
        case seriesNumber = "DICOMSeriesNumber"
        case studyDate = "DICOMStudyDate"
        case studyTime = "DICOMStudyTime"
    }

    /// All members nil; the caller sets what the series has.
    public init() {}
}
