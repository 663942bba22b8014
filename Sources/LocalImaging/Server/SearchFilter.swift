import Foundation
import FrameEngine

/// One filter of SearchImageSets: an attribute, and one value to equal or two to lie between (both included).
struct SearchFilter: Decodable, Hashable {
    enum Operator: String {
        case equal = "EQUAL"
        case between = "BETWEEN"
    }

    /// The union `SearchByAttributeValue` of the API model.
    enum Value: Hashable {
        case text(TextAttribute, String)
        /// Seconds since 1970.
        case createdAt(Double)
        case updatedAt(Double)
        case studyDateAndTime(StudyMoment)
        case isPrimary(Bool)

        /// The member's name.
        var attribute: String {
            switch self {
            case .text(let attribute, _): attribute.rawValue
            case .createdAt: "createdAt"
            case .updatedAt: "updatedAt"
            case .studyDateAndTime: "DICOMStudyDateAndTime"
            case .isPrimary: "isPrimary"
            }
        }
    }

    enum TextAttribute: String, CaseIterable {
        case patientID = "DICOMPatientId"
        case accessionNumber = "DICOMAccessionNumber"
        case studyID = "DICOMStudyId"
        case studyInstanceUID = "DICOMStudyInstanceUID"
        case seriesInstanceUID = "DICOMSeriesInstanceUID"

        func value(in tags: DICOMTags) -> String? {
            switch self {
            case .patientID: tags.patientID
            case .accessionNumber: tags.accessionNumber
            case .studyID: tags.studyID
            case .studyInstanceUID: tags.studyInstanceUID
            case .seriesInstanceUID: tags.seriesInstanceUID
            }
        }
    }

    let condition: Operator
    /// One for EQUAL, the lower and the upper bound for BETWEEN.
    let values: [Value]

    private enum CodingKeys: String, CodingKey {
        case values
        case condition = "operator"
    }

    init(from decoder: any Decoder) throws {
        try AnyCodingKey.checkKeys(of: decoder, allowed: ["values", "operator"], in: "a filter")
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guard let condition = Operator(rawValue: try container.decode(String.self, forKey: .condition)) else {
            throw APIError.validation("operator must be EQUAL or BETWEEN")
        }
        let values = try container.decode([Value].self, forKey: .values)
        guard values.count == (condition == .equal ? 1 : 2) else {
            throw APIError.validation("EQUAL takes one value and BETWEEN two")
        }
        guard Set(values.map(\.attribute)).count == 1 else {
            throw APIError.validation("the values of a filter must be of one attribute")
        }
        if condition == .between, values[0].attribute == "isPrimary" {
            throw APIError.validation("isPrimary has no BETWEEN")
        }
        self.condition = condition
        self.values = values
    }

    func matches(_ record: ImageSetRecord) -> Bool {
        switch condition {
        case .equal: equals(record, values[0])
        case .between: lies(record, between: values[0], and: values[1])
        }
    }

    var fingerprint: String { "\(condition.rawValue) \(values)" }

    private func equals(_ record: ImageSetRecord, _ value: Value) -> Bool {
        switch value {
        case .text(let attribute, let wanted): attribute.value(in: record.tags) == wanted
        case .createdAt(let wanted): Self.isSame(record.createdAt, wanted)
        case .updatedAt(let wanted): Self.isSame(record.updatedAt, wanted)
        case .studyDateAndTime(let wanted):
            Self.moment(record).map { $0.lowest >= wanted.lowest && $0.lowest <= wanted.highest } ?? false
        case .isPrimary(let wanted): record.isPrimary == wanted
        }
    }

    private func lies(_ record: ImageSetRecord, between lower: Value, and upper: Value) -> Bool {
        switch (lower, upper) {
        case (.text(let attribute, let lower), .text(_, let upper)):
            guard let value = attribute.value(in: record.tags) else { return false }
            return lower <= value && value <= upper
        case (.createdAt(let lower), .createdAt(let upper)):
            return Self.lies(record.createdAt, between: lower, and: upper)
        case (.updatedAt(let lower), .updatedAt(let upper)):
            return Self.lies(record.updatedAt, between: lower, and: upper)
        case (.studyDateAndTime(let lower), .studyDateAndTime(let upper)):
            guard let moment = Self.moment(record) else { return false }
            return lower.lowest <= moment.lowest && moment.lowest <= upper.highest
        default:
            return false
        }
    }

    private static func moment(_ record: ImageSetRecord) -> StudyMoment? {
        record.tags.studyDate.flatMap { StudyMoment(date: $0, time: record.tags.studyTime) }
    }

    private static func lies(_ date: Date, between lower: Double, and upper: Double) -> Bool {
        let milliseconds = EpochSeconds(date).milliseconds
        return (lower * 1000).rounded() <= Double(milliseconds)
            && Double(milliseconds) <= (upper * 1000).rounded()
    }

    /// The SDKs send whole seconds, so a value without a fraction means the whole second.
    private static func isSame(_ date: Date, _ wanted: Double) -> Bool {
        let milliseconds = Double(EpochSeconds(date).milliseconds)
        if wanted == wanted.rounded() { return (milliseconds / 1000).rounded(.down) == wanted }
        return milliseconds == (wanted * 1000).rounded()
    }
}

extension SearchFilter.Value: Decodable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyCodingKey.self)
        // A null member of a union counts as absent.
        let keys = try container.allKeys.filter { try !container.decodeNil(forKey: $0) }
        guard keys.count == 1, let key = keys.first else {
            throw APIError.validation("a filter's value must have exactly one member")
        }
        if let attribute = SearchFilter.TextAttribute(rawValue: key.stringValue) {
            self = .text(attribute, try container.decode(String.self, forKey: key))
            return
        }
        switch key.stringValue {
        case "createdAt": self = .createdAt(try container.decode(Double.self, forKey: key))
        case "updatedAt": self = .updatedAt(try container.decode(Double.self, forKey: key))
        case "isPrimary": self = .isPrimary(try container.decode(Bool.self, forKey: key))
        case "DICOMStudyDateAndTime":
            self = .studyDateAndTime(try container.decode(StudyMoment.self, forKey: key))
        default: throw APIError.validation("image sets cannot be searched by \(key.stringValue)")
        }
    }
}
