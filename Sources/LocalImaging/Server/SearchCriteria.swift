import Foundation
import FrameEngine

/// What SearchImageSets is asked for: the `searchCriteria` object of the API model, checked.
struct SearchCriteria: Decodable, Hashable {
    var filters: [SearchFilter]
    var sort: Sort

    struct Sort: Codable, Hashable {
        enum Field: String, Codable {
            case updatedAt
            case createdAt
            // The case is the API's value.
            case studyDateAndTime = "DICOMStudyDateAndTime"
        }

        enum Order: String, Codable {
            case ascending = "ASC"
            case descending = "DESC"
        }

        var sortOrder: Order
        var sortField: Field

        init(field: Field = .updatedAt, order: Order = .descending) {
            sortField = field
            sortOrder = order
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            guard let field = Field(rawValue: try container.decode(String.self, forKey: .sortField)) else {
                throw APIError.validation(
                    "sortField must be updatedAt, createdAt or DICOMStudyDateAndTime")
            }
            guard let order = Order(rawValue: try container.decode(String.self, forKey: .sortOrder)) else {
                throw APIError.validation("sortOrder must be ASC or DESC")
            }
            self.init(field: field, order: order)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case filters
        case sort
    }

    init(filters: [SearchFilter] = [], sort: Sort = Sort()) {
        self.filters = filters
        self.sort = sort
    }

    init(from decoder: any Decoder) throws {
        try AnyCodingKey.checkKeys(of: decoder, allowed: ["filters", "sort"], in: "searchCriteria")
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let filters = try container.decodeIfPresent([SearchFilter].self, forKey: .filters) {
            guard (1...2).contains(filters.count) else {
                throw APIError.validation("filters must hold one or two filters")
            }
            self.filters = filters
        } else {
            filters = []
        }
        sort = try container.decodeIfPresent(Sort.self, forKey: .sort) ?? Sort()
    }

    /// Whether an image set passes every filter.
    func matches(_ record: ImageSetRecord) -> Bool {
        filters.allSatisfy { $0.matches(record) }
    }

    /// Where an image set stands in the order asked for.
    func position(of record: ImageSetRecord) -> PagePosition {
        let id = record.id.description
        switch sort.sortField {
        case .updatedAt: return PagePosition(date: record.updatedAt, id: id)
        case .createdAt: return PagePosition(date: record.createdAt, id: id)
        case .studyDateAndTime:
            let moment = StudyMoment(date: record.tags.studyDate ?? "", time: record.tags.studyTime)
            return PagePosition(key: moment?.lowest ?? "", id: id)
        }
    }

    /// A text that differs whenever the result may: what a page token is bound to.
    var fingerprint: String {
        "\(filters.map(\.fingerprint).joined(separator: "&")) \(sort.sortField.rawValue) \(sort.sortOrder.rawValue)"
    }
}

/// A coding key of any name, for unions and for finding members that the API does not have.
struct AnyCodingKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }

    static func checkKeys(of decoder: any Decoder, allowed: Set<String>, in place: String) throws {
        let container = try decoder.container(keyedBy: AnyCodingKey.self)
        for key in container.allKeys where !allowed.contains(key.stringValue) {
            throw APIError.validation("\(place) has no member \(key.stringValue)")
        }
    }
}
