import Testing

@testable import LocalImaging

@Suite("Lists of objects")
struct ObjectListingTests {
    private let temporary: TemporaryStore
    private let store: BucketStore

    init() throws {
        temporary = try TemporaryStore()
        store = try BucketStore(opening: temporary.path)
        try store.createBucket("one")
        for key in ["a", "a/1", "a/2", "a/b/1", "b/1", "b/2", "c"] {
            try store.put([1], bucket: "one", key: key)
        }
    }

    private func list(
        _ prefix: String = "", _ delimiter: String? = nil, after: ObjectListing.Position? = nil,
        limit: Int = 100
    ) throws -> ObjectListing {
        try ObjectListing(
            of: store, bucket: "one", prefix: prefix, delimiter: delimiter, after: after, limit: limit)
    }

    @Test("pages of every size make up the same list, with and without a delimiter", arguments: 1...8)
    func pages(_ size: Int) throws {
        for delimiter in [nil, "/", "b/", ""] {
            for prefix in ["", "a/", "b"] {
                let whole = try list(prefix, delimiter).entries.map(\.text)
                var paged: [String] = []
                var position: ObjectListing.Position?
                repeat {
                    let page = try list(prefix, delimiter, after: position, limit: size)
                    #expect(page.entries.count <= size)
                    paged += page.entries.map(\.text)
                    position = try page.next.map { try #require(ObjectListing.Position(token: $0.token)) }
                } while position != nil
                #expect(paged == whole)
            }
        }
    }

    @Test("keys that share a prefix up to the delimiter are listed once")
    func prefixes() throws {
        let listing = try list("", "/")
        #expect(listing.prefixes == ["a/", "b/"])
        #expect(listing.objects.map(\.key) == ["a", "c"])
        #expect(try list("a/", "/").prefixes == ["a/b/"])
    }

    @Test(
        "a token is one that a list gave out", arguments: ["", "k", "x61", "k6", "kzz", "kff", "p+1", "k-1"])
    func tokens(_ token: String) {
        if token == "k" {
            #expect(ObjectListing.Position(token: token) != nil)
        } else {
            #expect(ObjectListing.Position(token: token) == nil)
        }
    }

    @Test("ranges of bytes are read as RFC 9110 has them, and nothing overflows")
    func ranges() throws {
        func range(_ text: String, _ size: Int = 10) throws -> Range<Int>? {
            try S3API.range(text[...], size: size)
        }
        #expect(try range("0-0") == 0..<1)
        #expect(try range("5-") == 5..<10)
        #expect(try range("-3") == 7..<10)
        #expect(try range("-30") == 0..<10)
        #expect(try range("3-99999999999999999999999999") == 3..<10)
        #expect(try range("5-4") == nil)
        #expect(try range("-") == nil && range("") == nil && range("1") == nil && range("a-b") == nil)
        for text in ["10-", "99999999999999999999-", "-0"] {
            #expect(throws: S3Error.self) { try range(text) }
        }
        #expect(throws: S3Error.self) { try range("0-", 0) }
    }
}
