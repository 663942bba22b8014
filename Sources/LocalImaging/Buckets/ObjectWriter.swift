import Crypto
import Foundation
import FrameEngine
import Synchronization

/// Writes one object piece by piece. Nothing of it is seen before `commit`; without that it is removed with this value.
///
/// Any thread, one call at a time to make sense of the order.
package final class ObjectWriter: Sendable {
    /// What must be so for a commit to take effect.
    package enum Condition: Sendable {
        case none
        /// There must be no such object (`If-None-Match: *`).
        case absent
        /// The object there must have this ETag (`If-Match`).
        case eTag(String)
    }

    let bucket: String
    let key: String
    private let store: BucketStore
    private let path: String
    /// Shows other processes that the writer is alive; nil once committed.
    private let state: Mutex<State>

    private struct State {
        var descriptor: Int32
        var lock: FileLock?
        var size = 0
        var digest = Insecure.MD5()
        var isOver = false
    }

    init(store: BucketStore, bucket: String, key: String) throws(BucketError) {
        let path = store.layout.staging + "/" + HealthImagingID.random().description
        let (lock, descriptor) = try store.locked { () throws(StoreError) in
            guard let lock = try FileLock(path: path, waiting: false) else {
                throw .conflict(reason: "\(path) is in use")
            }
            let descriptor = open(path, O_RDWR | O_CLOEXEC)
            guard descriptor >= 0 else { throw .system(operation: "open", path: path, errno: errno) }
            return (lock, descriptor)
        }
        self.store = store
        self.bucket = bucket
        self.key = key
        self.path = path
        state = Mutex(State(descriptor: descriptor, lock: lock))
    }

    deinit {
        state.withLock { state in
            close(state.descriptor)
            guard !state.isOver else { return }
            unlink(path)
            unlink(path + ".json")
        }
    }

    /// Bytes written so far.
    package var size: Int { state.withLock { $0.size } }

    /// The MD5 of the bytes written so far, 16 bytes.
    package var md5: [UInt8] { state.withLock { Array($0.digest.finalize()) } }

    /// Adds bytes behind those that are there.
    package func append(_ bytes: UnsafeRawBufferPointer) throws(BucketError) {
        let failure = state.withLock { state -> Int32 in
            var offset = 0
            while offset < bytes.count {
                let written = write(
                    state.descriptor, bytes.baseAddress?.advanced(by: offset), bytes.count - offset)
                if written >= 0 { offset += written } else if errno != EINTR { return errno }
            }
            state.digest.update(bufferPointer: bytes)
            state.size += bytes.count
            return 0
        }
        guard failure == 0 else { throw .storage(.system(operation: "write", path: path, errno: failure)) }
    }

    /// Makes the bytes durable and puts the object in its place.
    ///
    /// - Parameter eTag: another one than the MD5 of the bytes.
    /// - Throws: `BucketError.noSuchBucket` where the bucket has been deleted since; `.preconditionFailed`.
    package func commit(
        _ properties: ObjectProperties, eTag: String? = nil, if condition: Condition = .none
    ) throws(BucketError) -> ObjectRecord {
        let (size, md5) = (size, md5)
        let hash = ObjectKey.fileName(key)
        let file = ObjectFile(
            key: key, size: size, eTag: eTag ?? Self.hexadecimal(md5),
            lastModified: BucketRecord.now().timeIntervalSince1970,
            properties: properties, data: hash + "." + HealthImagingID.random().description)
        try prepare(file)
        let layout = store.layout
        let recordPath = layout.object(bucket, hash: hash)
        try store.exclusively { () throws(BucketError) in
            try store.require(bucket)
            let present = try store.object(bucket: bucket, key: key)
            try check(condition, against: present)
            try BucketError.stored { () throws(StoreError) in
                try StoreFiles.move(path, to: layout.data(bucket) + "/" + file.data)
                try StoreFiles.move(path + ".json", to: recordPath)
                if let present { try StoreFiles.removeTree(layout.data(bucket) + "/" + present.location) }
            }
            store.cache.forget(recordPath)
            state.withLock { state in
                state.isOver = true
                state.lock = nil
            }
        }
        return file.record(bucket: bucket, location: file.data)
    }

    /// Adds the bytes of a file, or of a part of it. False, and nothing added, where there is no such file.
    func append(fileAt path: String, range: Range<Int>? = nil) throws(BucketError) -> Bool {
        guard let file = try BucketError.stored({ () throws(StoreError) in try OpenFile(path) }) else {
            return false
        }
        let range = range ?? 0..<file.size
        var offset = range.lowerBound
        while offset < range.upperBound {
            let (start, count) = (offset, min(1 << 20, range.upperBound - offset))
            let piece = try BucketError.stored { () throws(StoreError) in
                try file.read(count: count, at: start)
            }
            let result = piece.withUnsafeReadableBytes { raw in
                Result { () throws(BucketError) in try append(raw) }
            }
            try result.get()
            offset += count
        }
        return true
    }

    /// Adds an object's bytes, or a part of them.
    ///
    /// - Throws: `BucketError.noSuchKey` where it has been replaced or deleted since; `.storage` where its file does not
    ///   have its size.
    func append(
        _ object: ObjectRecord, from source: some ObjectSource, range: Range<Int>? = nil
    ) throws(BucketError) {
        let before = size
        guard try append(fileAt: try source.path(of: object), range: range) else {
            throw .noSuchKey(bucket: object.bucket, key: object.key)
        }
        guard size - before == range?.count ?? object.size else {
            throw .storage(.damaged(path: object.location, reason: "it does not have its size"))
        }
    }

    /// Moves the bytes, which have been made durable, to `destination` instead of into the bucket. The caller holds the
    /// store's lock.
    func move(to destination: String) throws(StoreError) {
        try StoreFiles.move(path, to: destination)
        state.withLock { state in
            state.isOver = true
            state.lock = nil
        }
    }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }

    private func prepare(_ file: ObjectFile) throws(BucketError) {
        try BucketError.stored { () throws(StoreError) in
            try synchronize()
            try StoreFiles.create(path + ".json", bytes: StoreJSON.encode(file, for: path + ".json"))
        }
    }

    /// Makes the bytes durable.
    func synchronize() throws(StoreError) {
        let failure = state.withLock { state in fsync(state.descriptor) == 0 ? 0 : errno }
        guard failure == 0 else { throw .system(operation: "sync", path: path, errno: failure) }
    }

    private func check(_ condition: Condition, against present: ObjectRecord?) throws(BucketError) {
        switch condition {
        case .none: return
        case .absent:
            guard present == nil else { throw .preconditionFailed(bucket: bucket, key: key) }
        case .eTag(let wanted):
            guard let present else { throw .noSuchKey(bucket: bucket, key: key) }
            guard present.eTag == wanted else { throw .preconditionFailed(bucket: bucket, key: key) }
        }
    }
}
