/// A study's date and perhaps its time, as DICOM writes them (PS3.5, 6.2: DA `YYYYMMDD`, TM `HHMMSS.FFFFFF` or less).
///
/// A time that is not given in full stands for all of the time it leaves open.
struct StudyMoment: Hashable, Decodable {
    /// The first instant, `YYYYMMDDHHMMSSFFFFFF`.
    let lowest: String
    /// The last instant, in the same form.
    let highest: String

    private enum CodingKeys: String, CodingKey {
        case date = "DICOMStudyDate"
        case time = "DICOMStudyTime"
    }

    /// Nil where the date or the time does not have DICOM's form. Padding is ignored.
    init?(date: String, time: String?) {
        let date = date.filter { $0 != " " && $0 != "\0" }
        let time = (time ?? "").filter { $0 != " " && $0 != "\0" && $0 != ":" }
        let parts = time.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let whole = parts.first.map(String.init) ?? ""
        let fraction = parts.count == 2 ? String(parts[1]) : ""
        guard date.utf8.count == 8, [0, 2, 4, 6].contains(whole.utf8.count), fraction.utf8.count <= 6,
            fraction.isEmpty || whole.utf8.count == 6,
            (date + whole + fraction).utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        let given = whole + fraction
        lowest = date + given + String("000000000000".dropFirst(given.utf8.count))
        highest = date + given + String("235959999999".dropFirst(given.utf8.count))
    }

    init(from decoder: any Decoder) throws {
        try AnyCodingKey.checkKeys(
            of: decoder, allowed: ["DICOMStudyDate", "DICOMStudyTime"], in: "DICOMStudyDateAndTime")
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let date = try container.decode(String.self, forKey: .date)
        let time = try container.decodeIfPresent(String.self, forKey: .time)
        guard let moment = StudyMoment(date: date, time: time) else {
            throw APIError.validation("DICOMStudyDate must be YYYYMMDD and DICOMStudyTime HHMMSS.FFFFFF")
        }
        self = moment
    }
}
