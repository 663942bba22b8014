/// The page tokens of one listing. A service that repeats any of them, or never stops, would be paged for ever.
package struct PageTokens: Sendable {
    /// The most pages of one listing: 50 million image sets.
    package static let pageLimit = 1_000_000

    private let operation: String
    private let limit: Int
    private var pages = 0
    // Hashes, for tokens are long: two that collide within a million pages are less likely than 1 in 10 million.
    private var seen: Set<Int> = []

    package init(operation: String, limit: Int = PageTokens.pageLimit) {
        self.operation = operation
        self.limit = limit
    }

    /// Takes the token that a page ends with and returns the next page's; nil after the last page.
    package mutating func next(after token: String?) throws(ServiceError) -> String? {
        pages += 1
        guard let token, !token.isEmpty else { return nil }
        guard pages < limit else {
            throw .unreadable(operation, status: 200, "has more than \(limit) pages")
        }
        guard seen.insert(token.hashValue).inserted else {
            throw .unreadable(operation, status: 200, "repeats the token of an earlier page")
        }
        return token
    }
}
