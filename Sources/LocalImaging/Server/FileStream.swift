import Hummingbird
import NIOPosix

/// Sends a large file in pieces. The next piece is read when the connection has taken the one before, so that a slow
/// client costs one piece of memory and not the file.
enum FileStream {
    /// Also the largest file that is sent in one piece: nearly every frame.
    static let pieceInBytes = 2 << 20

    /// - Parameter range: the bytes to send, within the file; nil for all.
    static func body(_ file: OpenFile, range: Range<Int>? = nil, threads: NIOThreadPool) -> ResponseBody {
        let range = range ?? 0..<file.size
        return ResponseBody(contentLength: range.count) { writer in
            var offset = range.lowerBound
            while offset < range.upperBound {
                let start = offset
                let count = min(pieceInBytes, range.upperBound - start)
                let piece = try await threads.runIfActive { try file.read(count: count, at: start) }
                try await writer.write(piece)
                offset += count
            }
            try await writer.finish(nil)
        }
    }
}
