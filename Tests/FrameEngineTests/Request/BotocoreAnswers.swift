import Foundation

@testable import FrameEngine

/// The tables of scripts/botocore-known-answers.py.
enum BotocoreAnswers {
    struct Table<Answers: Decodable>: Decodable {
        let answers: Answers
    }

    struct Request: Decodable {
        let name: String
        let operation: String
        let method: String
        let url: String
        let body: String
        let contentType: String
        let isLaterPage: Bool
    }

    /// Answers of an operation as JSON texts; where the answer is no JSON, the headers of its output shape.
    struct Response: Decodable {
        let full: String?
        let least: String?
        let paged: String?
        let headers: [String]?
    }

    static func table<Answers: Decodable>(_ name: String, as type: Answers.Type) throws -> Answers {
        let tests = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: tests.appendingPathComponent("Fixtures/botocore/\(name).json"))
        return try JSONDecoder().decode(Table<Answers>.self, from: data).answers
    }

    static func requests() throws -> [Request] { try table("requests", as: [Request].self) }
    static func responses() throws -> [String: Response] {
        try table("responses", as: [String: Response].self)
    }

    /// JSON in one form: members sorted, numbers alike.
    static func canonical(_ json: String) throws -> String {
        if json.isEmpty { return "" }
        let value = try JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)
        let data = try JSONSerialization.data(
            withJSONObject: value, options: [.sortedKeys, .withoutEscapingSlashes, .fragmentsAllowed])
        return String(decoding: data, as: UTF8.self)
    }
}
