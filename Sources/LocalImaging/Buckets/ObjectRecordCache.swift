import Foundation
import Synchronization

/// The records of objects that were read before, each good for as long as its file is the same one.
final class ObjectRecordCache: Sendable {
    /// What tells a file from the one that replaced it.
    struct Stamp: Hashable {
        let inode: UInt64
        let seconds: Int
        let nanoseconds: Int
        let size: Int

        /// Nil where there is no such file.
        init?(_ path: String) throws(StoreError) {
            var status = stat()
            guard stat(path, &status) == 0 else {
                if errno == ENOENT || errno == ENOTDIR { return nil }
                throw .system(operation: "read", path: path, errno: errno)
            }
            inode = UInt64(status.st_ino)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
            size = Int(status.st_size)
        }
    }

    private static let limit = 100_000
    private let records = Mutex<[String: (stamp: Stamp, record: ObjectRecord)]>([:])

    func record(_ path: String, _ stamp: Stamp) -> ObjectRecord? {
        records.withLock { records in records[path].flatMap { $0.stamp == stamp ? $0.record : nil } }
    }

    func keep(_ record: ObjectRecord, _ path: String, _ stamp: Stamp) {
        records.withLock { records in
            if records.count >= Self.limit { records.removeAll() }
            records[path] = (stamp, record)
        }
    }

    func forget(_ path: String) {
        records.withLock { records in records[path] = nil }
    }
}
