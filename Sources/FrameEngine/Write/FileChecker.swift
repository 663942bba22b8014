import Foundation

/// Compares files with a size and a checksum, in memory that does not depend on either. One a thread.
final class FileChecker {
    /// What a file must hold.
    struct Contents: Sendable {
        let crc32: UInt32
        let byteCount: Int
    }

    /// How a file compares.
    struct Result {
        var bytesRead = 0
        /// Nil when the file is as it must be.
        var problem: (OutputFinding, detail: String)?
    }

    private var chunk = [UInt8](repeating: 0, count: 256 << 10)

    /// Reads the file at `path` only when its size is right. Waits for nothing but the disk: a pipe or a device
    /// of that name is `unreadable`.
    func check(_ path: String, for contents: Contents) -> Result {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { return Self.failure(path, errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return Self.failure(path, errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            return Result(problem: (.unreadable, "not a regular file"))
        }
        guard Int(status.st_size) == contents.byteCount else {
            return Result(problem: (.changed, "\(status.st_size) bytes instead of \(contents.byteCount)"))
        }
        return read(descriptor, path: path, for: contents)
    }

    private func read(_ descriptor: Int32, path: String, for contents: Contents) -> Result {
        var result = Result()
        var crc32: UInt32 = 0
        while true {
            let count = Foundation.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 {
                result.problem = Self.failure(path, errno: errno).problem
                return result
            }
            if count == 0 { break }
            result.bytesRead += count
            crc32 = chunk.withUnsafeBytes {
                CRC32.checksum(UnsafeRawBufferPointer(rebasing: $0[..<count]), continuing: crc32)
            }
        }
        if result.bytesRead != contents.byteCount {
            // It was written to while it was read.
            result.problem = (.changed, "\(result.bytesRead) bytes instead of \(contents.byteCount)")
        } else if crc32 != contents.crc32 {
            let (found, named) = (CRC32.hexadecimal(crc32), CRC32.hexadecimal(contents.crc32))
            result.problem = (.changed, "checksum \(found) instead of \(named)")
        }
        return result
    }

    private static func failure(_ path: String, errno: Int32) -> Result {
        let reason = "cannot read \(path): \(String(cString: strerror(errno)))"
        // A folder on the way to it that is a file now: the file is gone all the same.
        let isMissing = errno == ENOENT || errno == ENOTDIR
        return Result(problem: (isMissing ? .missing : .unreadable, reason))
    }
}
