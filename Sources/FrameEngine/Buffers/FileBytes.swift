import Foundation

/// Reads whole files into pooled memory.
public enum FileBytes {
    /// Why a file could not be read.
    public struct ReadError: Error, Sendable {
        public let path: String
        /// The system's number; `EFBIG` for more than the limit, `EINVAL` for what is not a regular file.
        public let errno: Int32
        /// What `errno` alone does not tell.
        private let problem: String?

        init(path: String, errno: Int32, problem: String? = nil) {
            self.path = path
            self.errno = errno
            self.problem = problem
        }

        public var message: String { "cannot read \(path): \(problem ?? String(cString: strerror(errno)))" }
    }

    /// The most, in bytes, that is read from a pipe or a device unless the caller says otherwise: 1 GiB.
    public static let streamLimit = 1 << 30

    /// What errors call standard input.
    static let standardInputName = "standard input"

    /// Reads the file at `path`: a regular file in its size, anything else (pipe, device) until its end.
    ///
    /// - Parameters:
    ///   - expecting: a guess of the size in bytes. It makes no difference for regular files, whose size is known,
    ///     and is believed up to 1 MiB for others.
    ///   - limit: more bytes than this are an error; nil for `streamLimit`, and none for regular files.
    ///   - onlyRegular: refuse everything but regular files, without waiting for a pipe's other end.
    public static func read(
        _ path: String, expecting: Int = 0, limit: Int? = nil, onlyRegular: Bool = false,
        into pool: BufferPool
    ) -> Result<PooledBuffer, ReadError> {
        let waiting = onlyRegular ? O_NONBLOCK | O_NOCTTY : 0
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | waiting)
        guard descriptor >= 0 else { return .failure(ReadError(path: path, errno: errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return .failure(ReadError(path: path, errno: errno)) }
        switch status.st_mode & S_IFMT {
        case S_IFDIR:
            return .failure(ReadError(path: path, errno: EISDIR))
        case S_IFREG:
            let size = Int(status.st_size)
            if let limit, size > limit { return .failure(tooLarge(path, limit: limit)) }
            return readRegular(descriptor, size: size, name: path, into: pool)
        case _ where onlyRegular:
            let problem = "not a regular file but a pipe, a socket or a device"
            return .failure(ReadError(path: path, errno: EINVAL, problem: problem))
        default:
            return readToEnd(
                of: descriptor, name: path, expecting: expecting, limit: limit ?? streamLimit, into: pool)
        }
    }

    /// Reads standard input until its end; more than `limit` bytes are an error.
    public static func readStandardInput(
        limit: Int = streamLimit, into pool: BufferPool
    ) -> Result<PooledBuffer, ReadError> {
        readToEnd(of: STDIN_FILENO, name: standardInputName, expecting: 0, limit: limit, into: pool)
    }

    private static func readRegular(
        _ descriptor: Int32, size: Int, name: String, into pool: BufferPool
    ) -> Result<PooledBuffer, ReadError> {
        let buffer = pool.buffer(capacity: max(size, 1))
        var filled = 0
        var failure: Int32?
        buffer.withMutableBytes(count: size) { bytes in
            while filled < size, let base = bytes.baseAddress {
                let count = Foundation.read(descriptor, base + filled, size - filled)
                if count < 0, errno == EINTR { continue }
                if count < 0 { failure = errno }
                if count <= 0 { break }
                filled += count
            }
        }
        if let failure { return .failure(ReadError(path: name, errno: failure)) }
        // It became shorter while it was read.
        if filled < size { buffer.withMutableBytes(count: filled) { _ in } }
        return .success(buffer)
    }

    private static func readToEnd(
        of descriptor: Int32, name: String, expecting: Int, limit: Int, into pool: BufferPool
    ) -> Result<PooledBuffer, ReadError> {
        let step = 64 << 10
        let buffer = pool.buffer(capacity: min(max(expecting, step), 1 << 20))
        while true {
            let filled = buffer.count
            let room = max(buffer.capacity, filled + step)
            let count = buffer.withMutableBytes(count: room) { bytes in
                bytes.baseAddress.map { Foundation.read(descriptor, $0 + filled, room - filled) } ?? 0
            }
            let failure = errno
            buffer.withMutableBytes(count: filled + max(count, 0)) { _ in }
            if buffer.count > limit { return .failure(tooLarge(name, limit: limit)) }
            if count == 0 { return .success(buffer) }
            if count > 0 || failure == EINTR { continue }
            // A descriptor that somebody else made non-blocking: wait until there is something.
            guard failure == EAGAIN else { return .failure(ReadError(path: name, errno: failure)) }
            var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            poll(&wanted, 1, -1)
        }
    }

    private static func tooLarge(_ name: String, limit: Int) -> ReadError {
        ReadError(path: name, errno: EFBIG, problem: "larger than \(limit) bytes, which is not read")
    }
}
