import Testing

@testable import FrameEngine

@Suite("Page tokens")
struct PageTokensTests {
    static func page(_ token: String) -> ScriptedTransport.Answer {
        .json(#"{"imageSetsMetadataSummaries":[],"datastoreSummaries":[],"nextToken":"\#(token)"}"#)
    }

    @Test("end a search, and a list of data stores, with an error when any of them comes again")
    func cycle() async throws {
        let answers = ["a", "b", "c", "a", "b"].map(Self.page)
        let search = ScriptedTransport(answers)
        let pages = try HealthImagingClientTests.client(search)
            .searchImageSets(in: try HealthImagingClientTests.id(HealthImagingClientTests.store))
        let error = await #expect(throws: ServiceError.self) { for try await _ in pages {} }
        #expect(error?.code == "UnreadableResponse")
        #expect(search.requests.count == 4)

        let list = ScriptedTransport(answers)
        let client = try HealthImagingClientTests.client(list)
        let listError = await #expect(throws: ServiceError.self) { try await client.datastores() }
        #expect(listError?.code == "UnreadableResponse")
        #expect(list.requests.count == 4)
    }

    @Test("are the next page's until there is none or an empty one")
    func ends() throws {
        var tokens = PageTokens(operation: "X")
        #expect(try tokens.next(after: "a") == "a")
        #expect(try tokens.next(after: "b") == "b")
        #expect(try tokens.next(after: "") == nil)
        #expect(try tokens.next(after: nil) == nil)
    }

    @Test("end a listing that never stops, and let one of just the most pages end by itself")
    func limit() throws {
        #expect(PageTokens.pageLimit == 1_000_000)
        var endless = PageTokens(operation: "X", limit: 3)
        #expect(try endless.next(after: "1") == "1")
        #expect(try endless.next(after: "2") == "2")
        let error = #expect(throws: ServiceError.self) { try endless.next(after: "3") }
        #expect(error?.message.contains("more than 3 pages") == true)
        var exact = PageTokens(operation: "X", limit: 2)
        #expect(try exact.next(after: "1") == "1")
        #expect(try exact.next(after: nil) == nil)
    }
}
