import Foundation
import FrameEngine
import Testing

@testable import LocalImaging

@Suite("The image-set store")
struct ImageSetStoreTests {
    private let temporary: TemporaryStore
    private let datastore: DatastoreRecord
    private var store: ImageSetStore { temporary.store }

    init() throws {
        temporary = try TemporaryStore()
        datastore = try temporary.store.createDatastore(name: "one")
    }

    private func imageSets(_ store: ImageSetStore) throws -> [HealthImagingID] {
        try store.imageSets(datastoreID: datastore.id).map(\.id)
    }

    @Test("a committed image set is whole for every reader: record, metadata and frames")
    func commit() throws {
        let reader = try temporary.reopened()
        let writer = try store.beginImageSet(datastoreID: datastore.id)
        let frame = HealthImagingID.random()
        try writer.add(id: frame, bytes: [1, 2, 3])
        #expect(try imageSets(reader).isEmpty)
        var tags = DICOMTags()
        tags.patientID = "P 1"
        tags.seriesNumber = 7
        try writer.commit(metadata: Array(#"{"SchemaVersion":"1.1"}"#.utf8), tags: tags)

        let record = try reader.imageSet(datastoreID: datastore.id, imageSetID: writer.imageSetID)
        #expect(record.tags == tags)
        #expect(record.version == 1)
        #expect(record.frameCount == 1)
        #expect(record.workflowStatus == "CREATED")
        let zipped = try reader.metadata(datastoreID: datastore.id, imageSetID: writer.imageSetID)
        let plain = try zipped.withUnsafeBytes { try Gzip.inflate($0, limit: 1000) }
        #expect(String(decoding: plain, as: UTF8.self) == #"{"SchemaVersion":"1.1"}"#)
        let file = try reader.frameFile(
            datastoreID: datastore.id, imageSetID: writer.imageSetID, frameID: frame)
        #expect(FileManager.default.contents(atPath: file.path) == Data([1, 2, 3]))
        #expect(try temporary.names("datastores/\(datastore.id)/writers").isEmpty)
    }

    @Test("an abandoned writer leaves nothing")
    func abandon() throws {
        let writer = try store.beginImageSet(datastoreID: datastore.id)
        try writer.add(id: .random(), bytes: [1])
        writer.abandon()
        #expect(try imageSets(store).isEmpty)
        #expect(try temporary.names("datastores/\(datastore.id)/writers").isEmpty)
        #expect(throws: StoreError.self) { try writer.add(id: .random(), bytes: [1]) }
        #expect(throws: StoreError.self) { try writer.commit(metadata: [], tags: DICOMTags()) }
    }

    @Test("a writer that is dropped without a commit removes what it wrote")
    func drop() throws {
        var writer: ImageSetWriter? = try store.beginImageSet(datastoreID: datastore.id)
        try writer?.add(id: .random(), bytes: [1])
        #expect(try temporary.names("datastores/\(datastore.id)/writers").count == 2)
        writer = nil
        #expect(try temporary.names("datastores/\(datastore.id)/writers").isEmpty)
    }

    @Test("opening the store sweeps the leftovers of dead writers and spares a live one")
    func sweep() throws {
        let alive = try store.beginImageSet(datastoreID: datastore.id)
        try alive.add(id: .random(), bytes: [1])
        // What a killed writer leaves: its folder, and a lock file that nobody holds; or the folder alone.
        let writers = "\(temporary.path)/datastores/\(datastore.id)/writers"
        for name in ["dead-with-lock", "dead-without-lock"] {
            try FileManager.default.createDirectory(
                atPath: "\(writers)/\(name)/frames", withIntermediateDirectories: true)
        }
        #expect(FileManager.default.createFile(atPath: "\(writers)/dead-with-lock.lock", contents: nil))
        for folder in ["staging", "trash"] {
            try FileManager.default.createDirectory(
                atPath: "\(temporary.path)/\(folder)/left", withIntermediateDirectories: true)
        }

        _ = try temporary.reopened()
        let id = alive.imageSetID.description
        #expect(try temporary.names("datastores/\(datastore.id)/writers") == [id, id + ".lock"])
        #expect(try temporary.names("staging").isEmpty)
        #expect(try temporary.names("trash").isEmpty)
        try alive.commit(metadata: [], tags: DICOMTags())
        #expect(try imageSets(store) == [alive.imageSetID])
    }

    @Test("frames may be added from many threads, and every one is there")
    func concurrentFrames() async throws {
        let writer = try store.beginImageSet(datastoreID: datastore.id)
        let ids = (0..<400).map { _ in HealthImagingID.random() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, id) in ids.enumerated() {
                group.addTask { try writer.add(id: id, bytes: [UInt8(number & 0xff)]) }
            }
            try await group.waitForAll()
        }
        let record = try writer.commit(metadata: [], tags: DICOMTags())
        #expect(record.frameCount == 400)
        let folder = "datastores/\(datastore.id)/imagesets/\(record.id)/frames"
        #expect(try temporary.names(folder) == ids.map(\.description).sorted())
    }

    @Test("a frame id is added once, and a writer commits once")
    func once() throws {
        let writer = try store.beginImageSet(datastoreID: datastore.id)
        let id = HealthImagingID.random()
        try writer.add(id: id, bytes: [1])
        #expect(throws: StoreError.self) { try writer.add(id: id, bytes: [2]) }
        try writer.commit(metadata: [], tags: DICOMTags())
        #expect(throws: StoreError.self) { try writer.commit(metadata: [], tags: DICOMTags()) }
        writer.abandon()
        #expect(try imageSets(store) == [writer.imageSetID])
    }

    @Test("every frame is remembered with its own stored syntax")
    func syntaxes() throws {
        let writer = try store.beginImageSet(datastoreID: datastore.id)
        let ids = (0..<4).map { _ in HealthImagingID.random() }
        for id in ids[..<3] { try writer.add(id: id, bytes: [1], storedAs: .jpeg2000) }
        try writer.add(id: ids[3], bytes: [1], storedAs: .jpegBaseline)
        try writer.commit(metadata: [], tags: DICOMTags())
        let record = try temporary.reopened()
            .imageSet(datastoreID: datastore.id, imageSetID: writer.imageSetID)
        #expect(ids.map(record.storedSyntax(of:)) == [.jpeg2000, .jpeg2000, .jpeg2000, .jpegBaseline])
    }

    @Test("versions are kept, and only the latest can be followed")
    func versions() throws {
        let first = try temporary.addImageSet(to: datastore.id)
        let address = (datastore.id, first.id)
        let second = try store.addVersion(
            datastoreID: address.0, imageSetID: address.1, latestVersion: 1,
            metadata: Array("{}".utf8), tags: DICOMTags())
        #expect(second.version == 2)
        #expect(second.workflowStatus == "UPDATED")
        #expect(throws: StoreError.self) {
            try store.addVersion(
                datastoreID: address.0, imageSetID: address.1, latestVersion: 1, metadata: [],
                tags: DICOMTags())
        }
        #expect(try store.versions(datastoreID: address.0, imageSetID: address.1) == [1, 2])
        let reader = try temporary.reopened()
        #expect(try reader.imageSet(datastoreID: address.0, imageSetID: address.1).version == 2)
        #expect(try reader.imageSet(datastoreID: address.0, imageSetID: address.1, version: 1).version == 1)
        #expect(try temporary.names("datastores/\(datastore.id)/writers").isEmpty)
    }

    @Test("a cached record follows what another process changes")
    func cache() throws {
        let first = try temporary.addImageSet(to: datastore.id)
        // Records are cached once their folder has not changed for a while.
        let folder = "\(temporary.path)/datastores/\(datastore.id)/imagesets/\(first.id)"
        try FileManager.default.setAttributes(
            [.modificationDate: Date.now - 3600], ofItemAtPath: folder)
        for _ in 0..<2 {
            #expect(try store.imageSet(datastoreID: datastore.id, imageSetID: first.id).version == 1)
        }
        let other = try temporary.reopened()
        _ = try other.addVersion(
            datastoreID: datastore.id, imageSetID: first.id, latestVersion: 1, metadata: [], tags: DICOMTags()
        )
        #expect(try store.imageSet(datastoreID: datastore.id, imageSetID: first.id).version == 2)
        try other.deleteImageSet(datastoreID: datastore.id, imageSetID: first.id)
        #expect(throws: StoreError.self) {
            try store.imageSet(datastoreID: datastore.id, imageSetID: first.id)
        }
    }

    @Test("a deleted image set is gone for every reader, and its bytes with it")
    func delete() throws {
        let record = try temporary.addImageSet(to: datastore.id, frames: 3)
        try temporary.reopened().deleteImageSet(datastoreID: datastore.id, imageSetID: record.id)
        #expect(try imageSets(store).isEmpty)
        #expect(try temporary.names("trash").isEmpty)
        #expect(throws: StoreError.self) {
            try store.deleteImageSet(datastoreID: datastore.id, imageSetID: record.id)
        }
    }

    @Test("a deletion in the background is out of sight at once")
    func deleteInBackground() throws {
        let record = try temporary.addImageSet(to: datastore.id, frames: 3)
        try store.deleteImageSet(datastoreID: datastore.id, imageSetID: record.id, inBackground: true)
        #expect(try imageSets(store).isEmpty)
        try store.deleteDatastore(datastore.id)
    }

    @Test("what two remove at once is no error, and a link is removed without what it leads to")
    func removeTree() async throws {
        let outside = temporary.path + "/outside"
        let tree = temporary.path + "/tree"
        try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: tree + "/a/b", withIntermediateDirectories: true)
        for number in 0..<500 {
            #expect(FileManager.default.createFile(atPath: "\(tree)/a/\(number)", contents: nil))
        }
        try FileManager.default.createSymbolicLink(
            atPath: tree + "/link", withDestinationPath: outside)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 { group.addTask { try StoreFiles.removeTree(tree) } }
            try await group.waitForAll()
        }
        #expect(!StoreFiles.exists(tree))
        #expect(StoreFiles.exists(outside))
    }

    @Test("a data store goes only when it is empty and nobody writes to it")
    func deleteDatastore() throws {
        let record = try temporary.addImageSet(to: datastore.id)
        #expect(throws: StoreError.self) { try store.deleteDatastore(datastore.id) }
        try store.deleteImageSet(datastoreID: datastore.id, imageSetID: record.id)
        let writer = try store.beginImageSet(datastoreID: datastore.id)
        #expect(throws: StoreError.self) { try store.deleteDatastore(datastore.id) }
        writer.abandon()
        try store.deleteDatastore(datastore.id)
        #expect(try store.datastores().isEmpty)
        #expect(throws: StoreError.notFound(what: "data store \(datastore.id)")) {
            try store.beginImageSet(datastoreID: datastore.id)
        }
    }

    @Test("the same client token makes one data store")
    func clientToken() throws {
        let first = try store.createDatastore(name: "a", clientToken: "t")
        let second = try temporary.reopened().createDatastore(name: "b", clientToken: "t")
        #expect(first.id == second.id)
        #expect(second.name == "a")
    }

    @Test("tags are changed by several at once without loss")
    func tags() async throws {
        let resource = TaggedResource.datastore(datastore.id)
        let store = store
        let other = try temporary.reopened()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask {
                    try (number.isMultiple(of: 2) ? store : other).updateTags(of: resource) {
                        $0["\(number)"] = "x"
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try store.tags(of: resource).count == 40)
    }

    @Test("a folder that holds other things is not made a store, nor is one of an unknown format")
    func notAStore() throws {
        let folder = temporary.path + "/datastores"
        #expect(throws: StoreError.notAStore(path: folder, reason: "it holds other files")) {
            try ImageSetStore(opening: folder)
        }
        try Data(#"{"formatVersion":99}"#.utf8).write(to: URL(filePath: temporary.path + "/store.json"))
        #expect(throws: StoreError.self) { try temporary.reopened() }
    }

    @Test("an id is 32 lower-case hexadecimal digits, another one each time")
    func ids() {
        let ids = (0..<1000).map { _ in HealthImagingID.random().description }
        #expect(Set(ids).count == 1000)
        #expect(ids.allSatisfy { $0.count == 32 && $0.allSatisfy { "0123456789abcdef".contains($0) } })
    }
}
