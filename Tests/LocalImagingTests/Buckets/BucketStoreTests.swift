import Foundation
import FrameEngine
import Testing

@testable import LocalImaging

@Suite("Buckets on the disk")
struct BucketStoreTests {
    private let temporary: TemporaryStore
    private let store: BucketStore

    init() throws {
        temporary = try TemporaryStore()
        store = try BucketStore(opening: temporary.path)
        try store.createBucket("one")
    }

    private func keys(_ prefix: String = "", after: String? = nil, limit: Int = 1000) throws -> [String] {
        try store.list(bucket: "one", prefix: prefix, after: after, limit: limit).objects.map(\.key)
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func content(_ key: String) throws -> String? {
        try store.object(bucket: "one", key: key).map { String(decoding: try store.read($0), as: UTF8.self) }
    }

    private func files(_ folder: String) throws -> [String] { try temporary.names("buckets/" + folder) }

    @Test("what is put is there, with its size, type and MD5, also for one who opens the store anew")
    func put() throws {
        let made = try store.put(bytes("hello"), bucket: "one", key: "a/b.txt", contentType: "text/plain")
        #expect(made.eTag == "5d41402abc4b2a76b9719d911017c592")
        #expect(made.size == 5 && made.contentType == "text/plain")
        let other = try BucketStore(opening: temporary.path)
        let found = try #require(try other.object(bucket: "one", key: "a/b.txt"))
        #expect(found == made)
        #expect(try other.read(found) == bytes("hello"))
        #expect(try other.object(bucket: "one", key: "a") == nil)
        try store.put([], bucket: "one", key: "empty")
        #expect(try store.object(bucket: "one", key: "empty")?.eTag == "d41d8cd98f00b204e9800998ecf8427e")
    }

    @Test("a put replaces what was there and leaves nothing behind; another store sees the new object")
    func replaced() throws {
        let other = try BucketStore(opening: temporary.path)
        for number in 0..<20 {
            try store.put(bytes("text \(number)"), bucket: "one", key: "k")
            let seen = try #require(try other.object(bucket: "one", key: "k"))
            #expect(try other.read(seen) == bytes("text \(number)"))
        }
        #expect(try files("named/one/data").count == 1)
        #expect(try files("staging").isEmpty)
    }

    @Test("any key is a key, and none is a path")
    func oddKeys() throws {
        let odd = [
            "../../store.json", "/", "//", "a//b", ".", "..", "a b+c%20%", "\u{e9}", "e\u{301}", "日本/語", "\0",
            "a\nb",
            String(repeating: "k", count: 1024), String(repeating: "../", count: 300), "-rf", "~",
            "\u{10ffff}",
        ]
        for (number, key) in odd.enumerated() { try store.put(bytes("\(number)"), bucket: "one", key: key) }
        for (number, key) in odd.enumerated() { #expect(try content(key) == "\(number)") }
        let listed = try keys()
        #expect(listed.count == odd.count)
        let sorted = odd.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        #expect(listed.map { Array($0.utf8) } == sorted)
        #expect(
            try temporary.names("") == [
                "buckets", "datastores", "staging", "store.json", "store.lock", "trash",
            ])
        for key in odd { try store.delete(bucket: "one", key: key) }
        #expect(try keys().isEmpty)
        #expect(try files("named/one/data").isEmpty)
    }

    @Test("a key that is empty or too long is refused", arguments: ["", String(repeating: "é", count: 513)])
    func refusedKeys(_ key: String) throws {
        #expect(throws: BucketError.invalidKey) { try store.put(bytes("x"), bucket: "one", key: key) }
    }

    @Test(
        "keys come in the order of their bytes, in pages, with a prefix and behind a key that need not exist")
    func listing() throws {
        let made = ["a", "a/1", "a/10", "a/2", "a0", "b", "Z", "é", "z"]
        for key in made.shuffled() { try store.put(bytes(key), bucket: "one", key: key) }
        #expect(try keys() == ["Z", "a", "a/1", "a/10", "a/2", "a0", "b", "z", "é"])
        #expect(try keys("a/") == ["a/1", "a/10", "a/2"])
        #expect(try keys("a/", after: "a/1") == ["a/10", "a/2"])
        #expect(try keys(after: "a/100", limit: 2) == ["a/2", "a0"])
        #expect(try store.list(bucket: "one", prefix: "", after: nil, limit: 8).isTruncated)
        #expect(try !store.list(bucket: "one", prefix: "", after: nil, limit: 9).isTruncated)
        #expect(try keys("nothing").isEmpty)
    }

    @Test(
        "names of buckets are S3's",
        arguments: ["ab", "Abc", "a_b", "-ab", "a..b", "10.0.0.1", "../x", "a/b", ""])
    func names(_ name: String) throws {
        #expect(throws: BucketError.invalidBucketName(name)) { try store.createBucket(name) }
        #expect(try store.bucket(name) == nil)
        #expect(throws: BucketError.noSuchBucket(name)) { try store.object(bucket: name, key: "k") }
    }

    @Test("a name is taken once, but an owner finds his own bucket again; only an empty bucket is deleted")
    func buckets() throws {
        #expect(throws: BucketError.bucketExists("one")) { try store.createBucket("one") }
        let made = try store.createBucket("two", region: "eu-west-1", owner: "me")
        #expect(try store.createBucket("two", owner: "me") == made)
        #expect(throws: BucketError.bucketExists("two")) { try store.createBucket("two", owner: "you") }
        #expect(try store.buckets().map(\.name) == ["one", "two"])
        try store.put(bytes("x"), bucket: "two", key: "k")
        #expect(throws: BucketError.bucketNotEmpty("two")) { try store.deleteBucket("two") }
        try store.delete(bucket: "two", key: "k")
        try store.delete(bucket: "two", key: "k")
        try store.deleteBucket("two")
        #expect(throws: BucketError.noSuchBucket("two")) { try store.deleteBucket("two") }
        #expect(throws: BucketError.noSuchBucket("two")) {
            try store.list(bucket: "two", prefix: "", after: nil, limit: 1)
        }
        #expect(try files("trash").isEmpty)
    }

    @Test("a put into a bucket that is deleted meanwhile fails and leaves nothing")
    func deletedMeanwhile() throws {
        try store.createBucket("two")
        do {
            let writer = try store.beginObject(bucket: "two", key: "k")
            try [UInt8](repeating: 1, count: 10).withUnsafeBytes { try writer.append($0) }
            try store.deleteBucket("two")
            #expect(throws: BucketError.noSuchBucket("two")) { try writer.commit(ObjectProperties()) }
        }
        #expect(try files("staging").isEmpty)
    }

    @Test("conditions of a put hold at the moment that it takes effect")
    func conditions() throws {
        func write(_ text: String, _ condition: ObjectWriter.Condition) throws -> ObjectRecord {
            let writer = try store.beginObject(bucket: "one", key: "k")
            try bytes(text).withUnsafeBytes { try writer.append($0) }
            return try writer.commit(ObjectProperties(), if: condition)
        }
        let failed = BucketError.preconditionFailed(bucket: "one", key: "k")
        #expect(throws: BucketError.noSuchKey(bucket: "one", key: "k")) { try write("a", .eTag("x")) }
        let first = try write("a", .absent)
        #expect(throws: failed) { try write("b", .absent) }
        #expect(throws: failed) { try write("b", .eTag("x")) }
        _ = try write("c", .eTag(first.eTag))
        #expect(try content("k") == "c")
    }

    @Test("tags change without the object; its bytes, its time and its ETag stay")
    func tags() throws {
        let made = try store.put(bytes("x"), bucket: "one", key: "k")
        try store.setTags(["a": "1"], bucket: "one", key: "k")
        let tagged = try #require(try store.object(bucket: "one", key: "k"))
        #expect(tagged.properties.tags == ["a": "1"])
        #expect(tagged.eTag == made.eTag && tagged.lastModified == made.lastModified)
        #expect(try store.read(tagged) == bytes("x"))
        #expect(throws: BucketError.noSuchKey(bucket: "one", key: "l")) {
            try store.setTags([:], bucket: "one", key: "l")
        }
        try store.setTags(["b": "2"], ofBucket: "one")
        #expect(try store.bucket("one")?.tags == ["b": "2"])
    }
}
