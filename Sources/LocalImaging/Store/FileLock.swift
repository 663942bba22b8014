import Foundation

/// An exclusive flock(2) on a file. The kernel lets it go when the process dies, however it dies, so a lock that
/// can be taken proves that its former owner is gone. Two locks in one process exclude each other too.
final class FileLock: Sendable {
    let path: String
    private let descriptor: Int32

    /// Takes the lock and waits for it when `waiting`; nil when another holds it.
    init?(path: String, waiting: Bool) throws(StoreError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .system(operation: "open", path: path, errno: errno) }
        while flock(descriptor, waiting ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            let failure = errno
            close(descriptor)
            if failure == EWOULDBLOCK { return nil }
            throw .system(operation: "lock", path: path, errno: failure)
        }
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Runs `body` while the lock on `path` is held.
    static func withLock<Result>(
        on path: String, _ body: () throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let lock = try FileLock(path: path, waiting: true)
        defer { withExtendedLifetime(lock) {} }
        return try body()
    }
}
