import Foundation
import FrameEngine

extension BucketStore {
    /// Writes an object in one step, durable when this returns; one that was there is replaced.
    ///
    /// - Throws: `BucketError.noSuchBucket`, `.invalidKey`.
    @discardableResult
    package func put(
        _ bytes: UnsafeRawBufferPointer, bucket: String, key: String, contentType: String?
    ) throws(BucketError) -> ObjectRecord {
        let writer = try beginObject(bucket: bucket, key: key)
        try writer.append(bytes)
        return try writer.commit(ObjectProperties(contentType: contentType))
    }

    /// The same for bytes in an array.
    @discardableResult
    package func put(
        _ bytes: [UInt8], bucket: String, key: String, contentType: String? = nil
    ) throws(BucketError) -> ObjectRecord {
        let result = bytes.withUnsafeBytes { raw in
            Result { () throws(BucketError) in
                try put(raw, bucket: bucket, key: key, contentType: contentType)
            }
        }
        return try result.get()
    }

    /// Begins an object that is written piece by piece. Nothing of it is seen before `commit`.
    ///
    /// - Throws: `BucketError.noSuchBucket`, `.invalidKey`.
    package func beginObject(bucket: String, key: String) throws(BucketError) -> ObjectWriter {
        guard ObjectKey.isValid(key) else { throw .invalidKey }
        try require(bucket)
        return try ObjectWriter(store: self, bucket: bucket, key: key)
    }

    package func object(bucket: String, key: String) throws(BucketError) -> ObjectRecord? {
        guard BucketName.isValid(bucket) else { throw .noSuchBucket(bucket) }
        let found = try BucketError.stored { () throws(StoreError) in
            try record(layout.object(bucket, hash: ObjectKey.fileName(key)), bucket: bucket)
        }
        if found == nil { try require(bucket) }
        return found
    }

    package func list(
        bucket: String, prefix: String, after: String?, limit: Int
    ) throws(BucketError) -> ObjectPage {
        guard BucketName.isValid(bucket) else { throw .noSuchBucket(bucket) }
        let found = try BucketError.stored { () throws(StoreError) in
            var found: [ObjectRecord] = []
            let folder = layout.objects(bucket)
            for name in try StoreFiles.names(in: folder) where name.hasSuffix(".json") {
                guard let record = try record(folder + "/" + name, bucket: bucket),
                    ObjectKey.has(record.key, prefix: prefix),
                    after.map({ ObjectKey.isLess($0, than: record.key) }) ?? true
                else { continue }
                found.append(record)
            }
            return found
        }
        if found.isEmpty { try require(bucket) }
        let sorted = found.sorted { ObjectKey.isLess($0.key, than: $1.key) }
        return ObjectPage(objects: Array(sorted.prefix(max(limit, 0))), isTruncated: sorted.count > limit)
    }

    package func path(of object: ObjectRecord) throws(BucketError) -> String {
        guard BucketName.isValid(object.bucket), !object.location.contains("/") else {
            throw .noSuchKey(bucket: object.bucket, key: object.key)
        }
        return layout.data(object.bucket) + "/" + object.location
    }

    /// Deletes an object; one that is not there is no error.
    ///
    /// - Throws: `BucketError.noSuchBucket`.
    package func delete(bucket: String, key: String) throws(BucketError) {
        guard BucketName.isValid(bucket) else { throw .noSuchBucket(bucket) }
        try exclusively { () throws(BucketError) in
            guard let object = try object(bucket: bucket, key: key) else { return }
            let path = layout.object(bucket, hash: ObjectKey.fileName(key))
            cache.forget(path)
            try BucketError.stored { () throws(StoreError) in
                // The record first: without it the object is gone, and the bytes are swept after a kill.
                try StoreFiles.removeTree(path)
                try StoreFiles.syncDirectory(layout.objects(bucket))
                try StoreFiles.removeTree(layout.data(bucket) + "/" + object.location)
            }
        }
    }

    /// Replaces the tags of an object; its bytes, its ETag and its time stay.
    ///
    /// - Throws: `BucketError.noSuchBucket`, `.noSuchKey`.
    package func setTags(_ tags: [String: String], bucket: String, key: String) throws(BucketError) {
        try exclusively { () throws(BucketError) in
            guard let object = try object(bucket: bucket, key: key) else {
                throw .noSuchKey(bucket: bucket, key: key)
            }
            var properties = object.properties
            properties.tags = tags
            let path = layout.object(bucket, hash: ObjectKey.fileName(key))
            let file = ObjectFile(
                key: object.key, size: object.size, eTag: object.eTag,
                lastModified: object.lastModified.timeIntervalSince1970, properties: properties,
                data: object.location)
            try BucketError.stored { () throws(StoreError) in
                try StoreFiles.replace(path, bytes: StoreJSON.encode(file, for: path))
            }
            cache.forget(path)
        }
    }

    /// The record in a file; nil where there is none.
    private func record(_ path: String, bucket: String) throws(StoreError) -> ObjectRecord? {
        guard let stamp = try ObjectRecordCache.Stamp(path) else { return nil }
        if let known = cache.record(path, stamp) { return known }
        guard let bytes = try StoreFiles.read(path) else { return nil }
        let file = try StoreJSON.decode(ObjectFile.self, from: bytes, path: path)
        let record = file.record(bucket: bucket, location: file.data)
        // Replaced between the two looks: true, but not to be kept under the first one's stamp.
        if try ObjectRecordCache.Stamp(path) == stamp { cache.keep(record, path, stamp) }
        return record
    }
}
