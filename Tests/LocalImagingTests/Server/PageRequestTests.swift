import FrameEngine
import Testing

@testable import LocalImaging

@Suite("Pages")
struct PageRequestTests {
    private func page(_ query: String, scope: String = "list") throws -> PageRequest {
        try PageRequest(APIRequest(method: "GET", target: "/datastore?\(query)"), scope: scope)
    }

    private func items(_ numbers: some Sequence<Int>) -> [(position: PagePosition, value: Int)] {
        numbers.map { (PagePosition(number: $0), $0) }
    }

    /// Every item in order of the pages, the list changed between pages by `change`.
    private func walk(
        size: Int, descending: Bool, from first: [Int], change: (inout [Int]) -> Void = { _ in }
    ) throws -> [Int] {
        var numbers = first
        var seen: [Int] = []
        var token: String?
        repeat {
            let query = "maxResults=\(size)" + (token.map { "&nextToken=\($0)" } ?? "")
            let (values, next) = try page(query).slice(items(numbers), descending: descending)
            #expect(values.count <= size)
            seen += values
            token = next
            change(&numbers)
        } while token != nil
        return seen
    }

    @Test("pages of every size hold every item once and in order", arguments: [1, 2, 3, 7, 10, 11, 50])
    func whole(size: Int) throws {
        let numbers = Array(1...10).shuffled()
        #expect(try walk(size: size, descending: false, from: numbers) == Array(1...10))
        #expect(try walk(size: size, descending: true, from: numbers) == (1...10).reversed())
    }

    @Test("items that come and go between two pages neither hide nor repeat others")
    func changing() throws {
        let seen = try walk(size: 2, descending: false, from: Array(1...10)) { numbers in
            numbers.removeFirst()
            numbers.append(0)
        }
        #expect(seen == Array(1...10))
    }

    @Test("a last page that is full has no token")
    func lastPage() throws {
        let (values, token) = try page("maxResults=3").slice(items([1, 2, 3]), descending: false)
        #expect(values == [1, 2, 3])
        #expect(token == nil)
    }

    @Test(
        "a page size outside 1 to 50 and a foreign token are refused",
        arguments: [
            "maxResults=0", "maxResults=51", "maxResults=-1", "maxResults=x", "maxResults=", "nextToken=",
            "nextToken=abc", "nextToken=e30", "nextToken=%00", "maxResults=1&maxResults=2",
        ])
    func refused(query: String) {
        #expect(throws: APIError.self) { try page(query) }
    }

    @Test("a token is good for the list that gave it and no other")
    func scope() throws {
        let token = try #require(
            page("maxResults=1").slice(items([1, 2]), descending: false).nextToken)
        #expect(throws: APIError.self) { try page("nextToken=\(token)", scope: "another") }
        #expect(try page("nextToken=\(token)").slice(items([1, 2]), descending: false).values == [2])
    }
}
