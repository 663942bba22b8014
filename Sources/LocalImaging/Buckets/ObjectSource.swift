import Foundation

/// Buckets that can be read, wherever their objects come from. Any thread.
package protocol ObjectSource: Sendable {
    /// Every bucket, in the order of their names.
    func buckets() throws(BucketError) -> [BucketRecord]

    /// Nil where there is no such bucket.
    func bucket(_ name: String) throws(BucketError) -> BucketRecord?

    /// Nil where the bucket has no such object.
    ///
    /// - Throws: `BucketError.noSuchBucket`.
    func object(bucket: String, key: String) throws(BucketError) -> ObjectRecord?

    /// Objects in the order of their keys' bytes.
    ///
    /// - Parameters:
    ///   - after: only keys behind this one; it need not exist.
    ///   - limit: how many at most.
    /// - Throws: `BucketError.noSuchBucket`.
    func list(
        bucket: String, prefix: String, after: String?, limit: Int
    ) throws(BucketError) -> ObjectPage

    /// A file of exactly the object's bytes, to be opened at once: the object may be replaced or deleted meanwhile,
    /// and what is open stays readable.
    ///
    /// - Throws: `BucketError.noSuchKey` where the object is gone.
    func path(of object: ObjectRecord) throws(BucketError) -> String
}

extension ObjectSource {
    /// An object's bytes.
    ///
    /// - Throws: `BucketError.noSuchKey` where the object has been replaced or deleted since.
    package func read(_ object: ObjectRecord) throws(BucketError) -> [UInt8] {
        let path = try path(of: object)
        guard let bytes = try BucketError.stored({ () throws(StoreError) in try StoreFiles.read(path) })
        else {
            throw .noSuchKey(bucket: object.bucket, key: object.key)
        }
        return bytes
    }
}
