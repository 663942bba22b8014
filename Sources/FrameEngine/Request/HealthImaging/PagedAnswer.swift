/// One page of a listing.
protocol PagedAnswer: Decodable {
    associatedtype Item

    var items: [Item] { get }
    /// Nil or empty after the last page.
    var nextToken: String? { get }
}

extension HealthImagingClient {
    /// The items of all pages.
    ///
    /// - Parameter call: without page size and token.
    func all<Page: PagedAnswer>(_ call: AWSCall, as type: Page.Type) async throws -> [Page.Item] {
        var found: [Page.Item] = []
        var token: String?
        var tokens = PageTokens(operation: call.operation)
        repeat {
            var pageCall = call
            pageCall.query += Self.pageQuery(token)
            let page = try await client.json(pageCall, as: type)
            found += page.items
            token = try tokens.next(after: page.nextToken)
        } while token != nil
        return found
    }
}
