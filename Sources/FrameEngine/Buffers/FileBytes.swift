import Foundation

/// Reads whole files into pooled memory.
public enum FileBytes {
    /// Why a file could not be read.
    public struct ReadError: Error, Sendable {
        public let path: String
        public let errno: Int32

        public var message: String { "cannot read \(path): \(String(cString: strerror(errno)))" }
    }

    /// Reads the file at `path`. `expecting` is a guess of its size in bytes, to reserve memory once.
    public static func read(
        _ path: String, expecting: Int = 0, into pool: BufferPool
    ) -> Result<PooledBuffer, ReadError> {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return .failure(ReadError(path: path, errno: errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return .failure(ReadError(path: path, errno: errno)) }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            return .failure(ReadError(path: path, errno: EISDIR))
        }
        let size = Int(status.st_size)
        let buffer = pool.buffer(capacity: max(size, expecting, 1))
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
        if let failure { return .failure(ReadError(path: path, errno: failure)) }
        // It became shorter while it was read.
        if filled < size { buffer.withMutableBytes(count: filled) { _ in } }
        return .success(buffer)
    }
}
