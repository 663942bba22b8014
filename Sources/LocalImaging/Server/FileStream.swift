import Hummingbird
import NIOPosix

/// Sends a large file in pieces. The next piece is read when the connection has taken the one before, so that a slow
/// client costs one piece of memory and not the file.
enum FileStream {
    /// Also the largest file that is sent in one piece: nearly every frame.
    static let pieceInBytes = 2 << 20

    static func body(_ file: OpenFile, threads: NIOThreadPool) -> ResponseBody {
        ResponseBody(contentLength: file.size) { writer in
            var offset = 0
            while offset < file.size {
                let start = offset
                let count = min(pieceInBytes, file.size - start)
                let piece = try await threads.runIfActive { try file.read(count: count, at: start) }
                try await writer.write(piece)
                offset += count
            }
            try await writer.finish(nil)
        }
    }
}
