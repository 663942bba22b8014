#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A file or folder that could not be made, written or renamed.
public struct WriteError: StageError {
    /// What was being done: `create`, `write`, `rename`, `open`, `lock`…
    public let operation: String
    public let path: String
    /// The system's error number.
    public let errno: Int32

    public init(operation: String, path: String, errno: Int32) {
        self.operation = operation
        self.path = path
        self.errno = errno
    }

    public var stage: Stage { .write }

    public var code: String {
        switch errno {
        case ENOSPC: "ENOSPC"
        case EDQUOT: "EDQUOT"
        case EACCES: "EACCES"
        case EPERM: "EPERM"
        case EROFS: "EROFS"
        case EIO: "EIO"
        case EWOULDBLOCK: "in-use"
        case EMFILE, ENFILE: "too-many-files"
        default: "errno-\(errno)"
        }
    }

    /// No: the disk, not the frame, is at fault, and every other frame would meet it too.
    public var isRetryable: Bool { false }

    public var message: String {
        if errno == EWOULDBLOCK, operation == "lock" {
            return
                "\(path) is in use: another hi-fetch writes into this folder; let it end or choose another --output"
        }
        return "cannot \(operation) \(path): \(String(cString: strerror(errno)))\(advice)"
    }

    private var advice: String {
        switch errno {
        case ENOSPC, EDQUOT: "; free some space and run the same command again"
        case EACCES, EPERM, EROFS: "; choose a folder that you may write to with --output"
        case ENOTDIR: "; a file stands where a folder is needed"
        case EISDIR: "; a folder stands where a file is needed: move it away and run the same command again"
        default: ""
        }
    }
}
