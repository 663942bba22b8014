import Foundation

/// One thing that must hold for an image set: a filter of SearchImageSets, and the same as a question to an answer.
struct SearchCondition: Sendable {
    /// The API's union of things to search by.
    enum Value: Sendable, Encodable {
        case text(String, String)
        case date(String, Date)
        case studyDate(DICOMDateTime)
        case flag(String, Bool)

        private struct Name: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }

            init(_ name: String) { stringValue = name }
            init?(stringValue: String) { self.init(stringValue) }
            init?(intValue: Int) { nil }
        }

        private struct StudyDate: Encodable {
            let date: String
            let time: String?

            private enum CodingKeys: String, CodingKey {
                case date = "DICOMStudyDate"
                case time = "DICOMStudyTime"
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Name.self)
            switch self {
            case .text(let name, let value): try container.encode(value, forKey: Name(name))
            case .date(let name, let value): try container.encode(value, forKey: Name(name))
            case .flag(let name, let value): try container.encode(value, forKey: Name(name))
            case .studyDate(let value):
                let pair = StudyDate(date: value.date, time: value.time)
                try container.encode(pair, forKey: Name("DICOMStudyDateAndTime"))
            }
        }
    }

    enum Operator: String, Sendable, Encodable, CaseIterable {
        case equal = "EQUAL"
        case between = "BETWEEN"
    }

    let values: [Value]
    let comparison: Operator
    /// Whether it holds for an answer; what the answer does not tell does not hold.
    let holds: @Sendable (ImageSetSummary) -> Bool

    static func tag(_ name: String, _ wanted: String?) -> SearchCondition? {
        wanted.map { wanted in
            SearchCondition(values: [.text(name, wanted)], comparison: .equal) { $0.tags[name] == wanted }
        }
    }

    static func primary(_ wanted: Bool?) -> SearchCondition? {
        wanted.map { wanted in
            SearchCondition(values: [.flag("isPrimary", wanted)], comparison: .equal) {
                $0.isPrimary == wanted
            }
        }
    }

    /// An open end becomes 1970 or the year 9999: the service wants two ends.
    static func dates(
        _ name: String, _ range: SearchRange<Date>?, of date: @escaping @Sendable (ImageSetSummary) -> Date?
    ) -> SearchCondition? {
        guard let range, !range.isOpen else { return nil }
        let from = range.from ?? Date(timeIntervalSince1970: 0)
        let through = range.through ?? Date(timeIntervalSince1970: 253_402_214_400)
        return SearchCondition(values: [.date(name, from), .date(name, through)], comparison: .between) {
            date($0).map { from <= $0 && $0 <= through } ?? false
        }
    }

    /// A day without a time is the whole day.
    static func studyDates(_ range: SearchRange<DICOMDateTime>?) -> SearchCondition? {
        guard let range, !range.isOpen,
            let from = DICOMDateTime(
                date: range.from?.date ?? "00010101", time: range.from?.time ?? "000000"),
            let through = DICOMDateTime(
                date: range.through?.date ?? "99991231", time: range.through?.time ?? "235959")
        else { return nil }
        return SearchCondition(values: [.studyDate(from), .studyDate(through)], comparison: .between) {
            guard let day = $0.tags["DICOMStudyDate"] else { return false }
            let moment = day + String(($0.tags["DICOMStudyTime"] ?? "000000").prefix(6))
            return from.toTheSecond <= moment && moment <= through.toTheSecond
        }
    }
}

extension DICOMDateTime {
    /// Fourteen digits, or eight: their order is the order of time.
    fileprivate var toTheSecond: String { date + String((time ?? "").prefix(6)) }
}

extension SearchCondition: Encodable {
    private enum CodingKeys: String, CodingKey {
        case values
        case comparison = "operator"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(values, forKey: .values)
        try container.encode(comparison, forKey: .comparison)
    }
}
