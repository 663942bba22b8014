import Foundation

/// The folder of one writer with the lock that shows the writer to be alive.
final class StagedFolder: Sendable {
    let path: String
    private let lock: FileLock

    init(path: String, lock: FileLock) {
        self.path = path
        self.lock = lock
    }

    /// Removes what is left of the folder, and the lock file. After a commit only the lock file is left.
    func discard() {
        // A failure leaves rubbish that the next sweep removes.
        try? StoreFiles.removeTree(path)
        unlink(lock.path)
    }
}
