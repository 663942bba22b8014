import Foundation
import FrameEngine
import Testing

@testable import LocalImaging

@Suite("Buckets, many writers and kills")
struct BucketStoreDurabilityTests {
    private let temporary: TemporaryStore
    private let store: BucketStore

    init() throws {
        temporary = try TemporaryStore()
        store = try BucketStore(opening: temporary.path)
        try store.createBucket("one")
    }

    private func files(_ folder: String) throws -> [String] { try temporary.names("buckets/" + folder) }

    @Test("an object being written is not seen before its commit, and a store opened beside leaves it alone")
    func unseen() throws {
        let writer = try store.beginObject(bucket: "one", key: "k")
        try [UInt8](repeating: 7, count: 1000).withUnsafeBytes { try writer.append($0) }
        let other = try BucketStore(opening: temporary.path)
        #expect(try other.list(bucket: "one", prefix: "", after: nil, limit: 10).objects.isEmpty)
        #expect(try files("staging").count == 1)
        let made = try writer.commit(ObjectProperties())
        #expect(try other.read(made) == [UInt8](repeating: 7, count: 1000))
        #expect(try files("staging").isEmpty)
    }

    @Test("an object whose writer gives up leaves nothing")
    func abandoned() throws {
        _ = try store.beginObject(bucket: "one", key: "k")
        #expect(try files("staging").isEmpty)
        #expect(try store.object(bucket: "one", key: "k") == nil)
    }

    @Test(
        "what a kill leaves between two renames is swept when the buckets are opened, and what was there stays"
    )
    func swept() throws {
        let kept = try store.put(Array("kept".utf8), bucket: "one", key: "kept")
        let root = temporary.path + "/buckets"
        let data = root + "/named/one/data/"
        // The bytes of a put that replaces, of one that makes, and of a deletion, each before its record changed.
        let hash = ObjectKey.fileName("kept")
        for name in [hash + ".later", ObjectKey.fileName("new") + ".first"] {
            try Data("half".utf8).write(to: URL(fileURLWithPath: data + name))
        }
        for name in ["staging/dead", "staging/dead.json", "staging/other.json", "trash/gone"] {
            try Data("{".utf8).write(to: URL(fileURLWithPath: root + "/" + name))
        }
        try Data().write(to: URL(fileURLWithPath: root + "/named/one/objects/\(hash).json.12.34.tmp"))
        let again = try BucketStore(opening: temporary.path)
        #expect(try again.list(bucket: "one", prefix: "", after: nil, limit: 10).objects == [kept])
        #expect(try again.read(kept) == Array("kept".utf8))
        #expect(try files("named/one/data") == [kept.location])
        #expect(try files("named/one/objects") == [hash + ".json"])
        #expect(try files("staging").isEmpty && files("trash").isEmpty)
    }

    @Test("a damaged record is an error that names the file, not an object")
    func damaged() throws {
        try store.put(Array("x".utf8), bucket: "one", key: "k")
        let path = temporary.path + "/buckets/named/one/objects/\(ObjectKey.fileName("k")).json"
        try Data("{\"key\":3}".utf8).write(to: URL(fileURLWithPath: path))
        let expected = BucketError.storage(
            .damaged(path: path, reason: "it is not the JSON that the store writes"))
        #expect(throws: expected) { try store.object(bucket: "one", key: "k") }
    }

    @Test("several stores over one folder put, replace, delete and read at once; every read is whole")
    func together() async throws {
        let path = temporary.path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<4 {
                group.addTask {
                    let store = try BucketStore(opening: path)
                    for round in 0..<40 {
                        let text = [UInt8](repeating: UInt8(number * 40 + round), count: 100 + round)
                        try store.put(text, bucket: "one", key: "shared")
                        try store.put(text, bucket: "one", key: "own \(number) \(round)")
                        if round % 3 == 0 { try store.delete(bucket: "one", key: "own \(number) \(round)") }
                        if let seen = try store.object(bucket: "one", key: "shared") {
                            do throws(BucketError) {
                                let bytes = try store.read(seen)
                                #expect(bytes.count == seen.size && Set(bytes).count == 1)
                            } catch {
                                // Replaced between the two calls.
                                #expect(error == .noSuchKey(bucket: "one", key: "shared"))
                            }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let names = try store.list(bucket: "one", prefix: "own ", after: nil, limit: 1000).objects.map(\.key)
        #expect(names.count == 4 * 26)
        #expect(try files("named/one/data").count == names.count + 1)
        #expect(try files("staging").isEmpty)
    }

    @Test("of many who make the same bucket one succeeds")
    func oneBucket() async throws {
        let path = temporary.path
        let made = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let store = try BucketStore(opening: path)
                    do throws(BucketError) {
                        try store.createBucket("contested")
                        return true
                    } catch {
                        #expect(error == .bucketExists("contested"))
                        return false
                    }
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(made == 1)
    }
}
