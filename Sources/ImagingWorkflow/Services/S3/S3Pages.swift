import FrameEngine

/// The pages of a listing: each element is one page, fetched when it is asked for.
///
/// A page may be empty and yet not be the last.
package struct S3Pages<Item: Sendable>: AsyncSequence, Sendable {
    package typealias Element = [Item]
    /// The page behind a token (nil: the first), and the token of the next.
    typealias Fetch = @Sendable (_ token: String?) async throws -> (items: [Item], next: String?)

    let operation: String
    let fetch: Fetch

    package struct AsyncIterator: AsyncIteratorProtocol {
        private enum Position {
            case start
            case at(token: String)
            case end
        }

        private let fetch: Fetch
        private var tokens: PageTokens
        private var position = Position.start

        init(_ pages: S3Pages) {
            fetch = pages.fetch
            tokens = PageTokens(operation: pages.operation)
        }

        package mutating func next() async throws -> [Item]? {
            let token: String?
            switch position {
            case .start: token = nil
            case .at(let next): token = next
            case .end: return nil
            }
            // An error ends the sequence, as it does for every other.
            position = .end
            let page = try await fetch(token)
            if let next = try tokens.next(after: page.next) { position = .at(token: next) }
            return page.items
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
