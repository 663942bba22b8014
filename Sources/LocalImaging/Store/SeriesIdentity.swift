import FrameEngine

/// The elements by which the service groups instances into image sets (developer guide, "Understanding image sets"):
/// what belongs to one study, or one series, must agree in all of them, or it conflicts.
struct SeriesIdentity: Hashable, Sendable {
    /// Of the study, its UID included.
    struct Study: Hashable, Sendable {
        let studyInstanceUID: String
        let studyDate: String?
        let accessionNumber: String?
        let patientID: String?
        let studyID: String?
    }

    let study: Study
    let seriesInstanceUID: String
    let seriesNumber: String?

    /// Nil where there is no study or series UID. Empty values count as absent.
    init?(_ value: (_ keyword: String) -> String?) {
        guard let study = value("StudyInstanceUID"), let series = value("SeriesInstanceUID") else {
            return nil
        }
        self.study = Study(
            studyInstanceUID: study, studyDate: value("StudyDate"), accessionNumber: value("AccessionNumber"),
            patientID: value("PatientID"), studyID: value("StudyID"))
        seriesInstanceUID = series
        seriesNumber = value("SeriesNumber").map { Int($0).map(String.init) ?? $0 }
    }

    /// Of an image set in the store.
    init?(_ tags: DICOMTags) {
        self.init { keyword in
            switch keyword {
            case "StudyInstanceUID": tags.studyInstanceUID
            case "SeriesInstanceUID": tags.seriesInstanceUID
            case "StudyDate": tags.studyDate
            case "AccessionNumber": tags.accessionNumber
            case "PatientID": tags.patientID
            case "StudyID": tags.studyID
            case "SeriesNumber": tags.seriesNumber.map(String.init)
            default: nil
            }
        }
    }

    /// Whether both may be primary in one data store.
    func isConsistent(with other: SeriesIdentity) -> Bool {
        if seriesInstanceUID == other.seriesInstanceUID { return self == other }
        return study.studyInstanceUID != other.study.studyInstanceUID || study == other.study
    }
}
