import Foundation
import NIOCore

/// A file being served. Reads are positional, so any thread may read any part.
final class OpenFile: Sendable {
    /// In bytes, when it was opened. Files of the store do not change.
    let size: Int
    private let path: String
    private let descriptor: Int32

    /// Nil where there is no such file.
    init?(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .system(operation: "open", path: path, errno: errno)
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let failure = errno
            close(descriptor)
            throw .system(operation: "read", path: path, errno: failure)
        }
        size = Int(status.st_size)
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// `count` bytes from `offset`, read straight into the buffer that the socket sends.
    ///
    /// - Throws: `StoreError.system` on a read error, `.damaged` where the file has become shorter.
    func read(count: Int, at offset: Int) throws(StoreError) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: count)
        var failure: Int32 = 0
        var done = 0
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
            while done < count {
                let got = pread(
                    descriptor, target.baseAddress?.advanced(by: done), count - done, off_t(offset + done))
                if got > 0 {
                    done += got
                } else if got == 0 {
                    break
                } else if errno != EINTR {
                    failure = errno
                    break
                }
            }
            return done
        }
        guard failure == 0 else { throw .system(operation: "read", path: path, errno: failure) }
        guard done == count else { throw .damaged(path: path, reason: "it has become shorter") }
        return buffer
    }
}
