import Foundation

/// Why the store on disk refused or could not do something.
public enum StoreError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The folder holds other things than a store, or a store of a format this program does not know.
    case notAStore(path: String, reason: String)
    /// No such data store, image set, version or frame. `what` names it.
    case notFound(what: String)
    /// The operation does not fit the present state: a data store that still holds image sets, a writer used
    /// after its commit, a version that another writer made first.
    case conflict(reason: String)
    /// A file of the store is not what the store writes.
    case damaged(path: String, reason: String)
    /// A system call failed.
    case system(operation: String, path: String, errno: Int32)

    /// A short stable word for machines.
    public var code: String {
        switch self {
        case .notAStore: "not-a-store"
        case .notFound: "not-found"
        case .conflict: "conflict"
        case .damaged: "damaged"
        case .system(_, _, let errno): errno == ENOSPC ? "ENOSPC" : "errno-\(errno)"
        }
    }

    /// Whether the disk that the store is on has no room left.
    var isFullDisk: Bool {
        if case .system(_, _, let errno) = self { errno == ENOSPC || errno == EDQUOT } else { false }
    }

    /// What a client is told then; paths stay on this machine.
    static let fullDiskAdvice = "the disk of the local data store is full; free some space, and try again"

    /// One line: what, where, and what to do.
    public var message: String {
        switch self {
        case .notAStore(let path, let reason):
            "\(path) is not a data store of hi-fetch: \(reason); name an empty or a new folder"
        case .notFound(let what): "\(what) does not exist"
        case .conflict(let reason): reason
        case .damaged(let path, let reason): "\(path) is damaged: \(reason)"
        case .system(let operation, let path, let errno):
            "cannot \(operation) \(path): \(String(cString: strerror(errno)))"
        }
    }

    public var description: String { message }
}
