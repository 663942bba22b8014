/// Why a bucket refused or could not do something.
package enum BucketError: Error, Equatable, Sendable, CustomStringConvertible {
    case noSuchBucket(String)
    case noSuchKey(bucket: String, key: String)
    case noSuchUpload(String)
    /// The name is taken.
    case bucketExists(String)
    case bucketNotEmpty(String)
    case invalidBucketName(String)
    /// Empty, or longer than 1,024 bytes of UTF-8.
    case invalidKey
    /// A part that was named was not uploaded, or differs from what was uploaded.
    case invalidPart(number: Int)
    /// The parts were not named in ascending order.
    case invalidPartOrder
    /// A part that is not the last has fewer than 5 MiB.
    case partTooSmall(number: Int)
    /// The bucket can only be read.
    case readOnly(String)
    /// The object is there, or is another one, against the wish of the caller.
    case preconditionFailed(bucket: String, key: String)
    /// The disk failed, or a file is not what the store writes.
    case storage(StoreError)

    /// One line: what, where, and what to do.
    package var message: String {
        switch self {
        case .noSuchBucket(let name): "the bucket \(name) does not exist"
        case .noSuchKey(let bucket, let key): "the bucket \(bucket) has no object \(key)"
        case .noSuchUpload(let id):
            "there is no multipart upload \(id): it was completed, aborted or never begun"
        case .bucketExists(let name): "the bucket \(name) already exists"
        case .bucketNotEmpty(let name): "the bucket \(name) still holds objects; delete them first"
        case .invalidBucketName(let name):
            "\(name) cannot be a bucket's name: 3 to 63 of a-z, 0-9, - and ., not shaped like an IP address"
        case .invalidKey: "a key has 1 to \(ObjectKey.limitInBytes) bytes of UTF-8"
        case .invalidPart(let number): "part \(number) was not uploaded, or is not the one that was uploaded"
        case .invalidPartOrder: "the parts of an upload must be named in ascending order"
        case .partTooSmall(let number): "part \(number) is smaller than 5 MiB and not the last"
        case .readOnly(let name): "the bucket \(name) can only be read"
        case .preconditionFailed(let bucket, let key):
            "the object \(key) in the bucket \(bucket) is not as the request wants it"
        case .storage(let error): error.message
        }
    }

    package var description: String { message }

    /// Runs a call of the disk; its errors become `.storage`.
    static func stored<Result>(
        _ body: () throws(StoreError) -> Result
    ) throws(BucketError) -> Result {
        do throws(StoreError) {
            return try body()
        } catch {
            throw .storage(error)
        }
    }
}
