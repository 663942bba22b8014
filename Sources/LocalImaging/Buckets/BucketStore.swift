import Foundation
import FrameEngine

/// Durable buckets of objects in a folder below a store, shared by any number of threads and processes.
///
/// An object is written to a file of its own and takes effect by one rename: a kill at any moment leaves the object
/// that was there or the new one, whole. Leftovers of dead writers are removed when the buckets are opened. Objects
/// have no versions. See `BucketLayout` for the files.
package final class BucketStore: ObjectSource {
    let layout: BucketLayout
    let cache = ObjectRecordCache()

    /// Opens the buckets of the store at `storePath` and makes what is missing.
    ///
    /// - Throws: `BucketError.storage` where the folder cannot be used.
    package init(opening storePath: String) throws(BucketError) {
        layout = BucketLayout(store: storePath)
        do {
            try FileManager.default.createDirectory(atPath: layout.root, withIntermediateDirectories: true)
        } catch {
            let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
            throw .storage(
                .system(
                    operation: "create the folder", path: layout.root,
                    errno: Int32(cause?.code ?? Int(EACCES))))
        }
        let layout = layout
        try BucketError.stored { () throws(StoreError) in
            for folder in [layout.staging, layout.trash, layout.named] {
                try StoreFiles.makeDirectory(folder)
            }
        }
        try locked { () throws(StoreError) in try sweep() }
    }

    /// Makes a bucket.
    ///
    /// - Parameters:
    ///   - region: kept with it.
    ///   - owner: on whose behalf; a bucket that is there and has the same owner is returned as if just made.
    /// - Throws: `BucketError.bucketExists`, `.invalidBucketName`.
    @discardableResult
    package func createBucket(
        _ name: String, region: String? = nil, owner: String? = nil, tags: [String: String] = [:]
    ) throws(BucketError) -> BucketRecord {
        guard BucketName.isValid(name) else { throw .invalidBucketName(name) }
        let record = BucketRecord(
            name: name, createdAt: BucketRecord.now(), region: region, owner: owner, tags: tags)
        return try exclusively { () throws(BucketError) in
            if let present = try bucket(name) {
                guard let owner, present.owner == owner else { throw .bucketExists(name) }
                return present
            }
            try BucketError.stored { () throws(StoreError) in
                // Below the trash, so that what a kill leaves half made is swept.
                let staged = layout.trash + "/" + HealthImagingID.random().description
                for folder in [staged, staged + "/objects", staged + "/data", staged + "/uploads"] {
                    try StoreFiles.makeDirectory(folder)
                }
                let file = staged + "/bucket.json"
                try StoreFiles.create(file, bytes: StoreJSON.encode(BucketFile(record), for: file))
                try StoreFiles.syncDirectory(staged)
                try StoreFiles.move(staged, to: layout.bucket(name))
            }
            return record
        }
    }

    /// Deletes an empty bucket; uploads in parts that were begun in it go with it.
    ///
    /// - Throws: `BucketError.noSuchBucket`, `.bucketNotEmpty`.
    package func deleteBucket(_ name: String) throws(BucketError) {
        let trashed = layout.trash + "/" + HealthImagingID.random().description
        try exclusively { () throws(BucketError) in
            try require(name)
            let isEmpty = try BucketError.stored { () throws(StoreError) in
                try StoreFiles.names(in: layout.objects(name)).isEmpty
            }
            guard isEmpty else { throw .bucketNotEmpty(name) }
            try BucketError.stored { () throws(StoreError) in
                try StoreFiles.move(layout.bucket(name), to: trashed)
                try StoreFiles.syncDirectory(layout.named)
            }
        }
        try BucketError.stored { () throws(StoreError) in try StoreFiles.removeTree(trashed) }
    }

    package func buckets() throws(BucketError) -> [BucketRecord] {
        let names = try BucketError.stored { () throws(StoreError) in try StoreFiles.names(in: layout.named) }
        var records: [BucketRecord] = []
        for name in names.sorted(by: { ObjectKey.isLess($0, than: $1) }) {
            if let record = try bucket(name) { records.append(record) }
        }
        return records
    }

    package func bucket(_ name: String) throws(BucketError) -> BucketRecord? {
        guard BucketName.isValid(name) else { return nil }
        let path = layout.bucketFile(name)
        return try BucketError.stored { () throws(StoreError) in
            guard let bytes = try StoreFiles.read(path) else { return nil }
            return try StoreJSON.decode(BucketFile.self, from: bytes, path: path).record
        }
    }

    /// Replaces the tags of a bucket.
    ///
    /// - Throws: `BucketError.noSuchBucket`.
    package func setTags(_ tags: [String: String], ofBucket name: String) throws(BucketError) {
        try exclusively { () throws(BucketError) in
            var record = try require(name)
            record.tags = tags
            let file = BucketFile(record)
            try BucketError.stored { () throws(StoreError) in
                let path = layout.bucketFile(name)
                try StoreFiles.replace(path, bytes: StoreJSON.encode(file, for: path))
            }
        }
    }

    // MARK: What every call needs

    /// The bucket.
    ///
    /// - Throws: `BucketError.noSuchBucket`.
    @discardableResult
    func require(_ name: String) throws(BucketError) -> BucketRecord {
        guard let record = try bucket(name) else { throw .noSuchBucket(name) }
        return record
    }

    /// Runs `body` while no other thread or process changes the buckets.
    func exclusively<Result>(_ body: () throws(BucketError) -> Result) throws(BucketError) -> Result {
        let lock = try BucketError.stored { () throws(StoreError) in
            try FileLock(path: layout.lockFile, waiting: true)
        }
        defer { withExtendedLifetime(lock) {} }
        return try body()
    }

    /// The same for calls of the disk alone.
    func locked<Result>(_ body: () throws(StoreError) -> Result) throws(BucketError) -> Result {
        try exclusively { () throws(BucketError) in try BucketError.stored(body) }
    }
}
