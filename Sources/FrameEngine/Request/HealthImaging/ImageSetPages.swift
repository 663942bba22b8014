/// The pages of a search: each element is one page, fetched when it is asked for.
public struct ImageSetPages: AsyncSequence, Sendable {
    public typealias Element = [ImageSetSummary]

    let client: HealthImagingClient
    let datastoreID: HealthImagingID
    let search: ImageSetSearch

    public struct AsyncIterator: AsyncIteratorProtocol {
        private enum Position {
            case start
            case at(token: String)
            case end
        }

        private let client: HealthImagingClient
        private let datastoreID: HealthImagingID
        private let search: ImageSetSearch
        private var position = Position.start
        private var tokens = PageTokens(operation: HealthImagingClient.searchOperation)

        init(_ pages: ImageSetPages) {
            client = pages.client
            datastoreID = pages.datastoreID
            search = pages.search
        }

        /// The next page, or nil after the last. A page may be empty and yet not be the last.
        public mutating func next() async throws -> [ImageSetSummary]? {
            let token: String?
            switch position {
            case .start: token = nil
            case .at(let next): token = next
            case .end: return nil
            }
            // An error ends the sequence, as it does for every other.
            position = .end
            let page = try await client.searchPage(in: datastoreID, search, token: token)
            if let next = try tokens.next(after: page.nextToken) { position = .at(token: next) }
            return page.imageSets
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
