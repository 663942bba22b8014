import Crypto
import Foundation

/// Where an item stands in a sorted list: a key, and its id where keys are equal.
///
/// Keys compare as text. Paging by position rather than by index neither skips nor repeats an item when others
/// come and go between two pages.
struct PagePosition: Codable, Hashable, Comparable {
    let key: String
    let id: String

    init(key: String, id: String) {
        self.key = key
        self.id = id
    }

    init(date: Date, id: String) {
        let microseconds = Int64((date.timeIntervalSince1970 * 1e6).rounded())
        self.init(key: Self.padded(String(max(microseconds, 0))), id: id)
    }

    init(number: Int) { self.init(key: Self.padded(String(number)), id: "") }

    static func < (first: PagePosition, second: PagePosition) -> Bool {
        (first.key, first.id) < (second.key, second.id)
    }

    private static func padded(_ digits: String) -> String {
        String(repeating: "0", count: max(0, 20 - digits.utf8.count)) + digits
    }
}

/// The page that a list operation is asked for: `maxResults` and `nextToken`.
struct PageRequest {
    /// The page size where `maxResults` is absent; the service's own default is not published.
    static let defaultSize = 50

    let size: Int
    private let after: PagePosition?
    private let fingerprint: String

    private struct Token: Codable {
        var scope: String
        var after: PagePosition
    }

    /// - Parameter scope: what is listed, with every filter and the order: a token is good for that list alone.
    init(_ request: APIRequest, scope: String) throws(APIError) {
        fingerprint = SHA256.hash(data: Data(scope.utf8)).prefix(9).map { String($0, radix: 16) }.joined()
        if let text = try request.parameter("maxResults") {
            guard let size = Int(text), (1...50).contains(size) else {
                throw .validation("maxResults must be a number from 1 to 50")
            }
            self.size = size
        } else {
            size = Self.defaultSize
        }
        if let text = try request.parameter("nextToken") {
            guard let token = Self.decode(text), token.scope == fingerprint else {
                throw .validation("nextToken is not one that this list returned")
            }
            after = token.after
        } else {
            after = nil
        }
    }

    /// The page's items in order, and the token of the page after it; nil on the last page.
    func slice<Value>(
        _ items: [(position: PagePosition, value: Value)], descending: Bool
    ) -> (values: [Value], nextToken: String?) {
        let isBefore: (PagePosition, PagePosition) -> Bool = descending ? { $0 > $1 } : { $0 < $1 }
        let rest = items.filter { item in after.map { isBefore($0, item.position) } ?? true }
            .sorted { isBefore($0.position, $1.position) }
        let page = rest.prefix(size)
        guard rest.count > size, let last = page.last else { return (page.map(\.value), nil) }
        return (page.map(\.value), encode(Token(scope: fingerprint, after: last.position)))
    }

    private func encode(_ token: Token) -> String? {
        guard let data = try? JSONEncoder().encode(token) else { return nil }
        return data.base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }

    private static func decode(_ text: String) -> Token? {
        guard (1...8192).contains(text.utf8.count) else { return nil }
        var base64 = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        base64 += String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
        return Data(base64Encoded: base64).flatMap { try? JSONDecoder().decode(Token.self, from: $0) }
    }
}
