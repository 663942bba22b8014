import Hummingbird
import NIOCore

/// A body that does not arrive as it should.
struct FaultyBody: Sendable {
    /// Thrown where an answer ends before its end: the server then closes the connection, or the stream.
    struct Ended: Error {}

    let bytes: ByteBuffer
    let channel: any Channel

    private var count: Int { bytes.readableBytes }

    private func first(_ count: Int) -> ByteBuffer {
        bytes.getSlice(at: bytes.readerIndex, length: count) ?? bytes
    }

    /// The first `count` bytes, announced as all.
    func short(_ count: Int) -> ResponseBody { ResponseBody(byteBuffer: first(count)) }

    /// All bytes announced, the first `count` sent, then the connection (HTTP/1.1) or the stream (HTTP/2) is closed.
    func truncated(to count: Int) -> ResponseBody {
        ResponseBody(contentLength: self.count) { writer in
            try await writer.write(first(count))
            throw Ended()
        }
    }

    /// All bytes announced, the first `count` sent, then the connection is reset.
    func reset(after count: Int) -> ResponseBody {
        ResponseBody(contentLength: self.count) { writer in
            try await writer.write(first(count))
            await channel.cutConnection(byReset: true)
            throw Ended()
        }
    }

    /// All bytes announced, the first `count` sent, then nothing until the client hangs up.
    func stalled(after count: Int) -> ResponseBody {
        ResponseBody(contentLength: self.count) { writer in
            try await writer.write(first(count))
            await withTaskCancellationHandler {
                try? await channel.closeFuture.get()
            } onCancel: {
                channel.close(promise: nil)
            }
            throw Ended()
        }
    }

    /// All bytes, at a slow pace.
    func dripping(bytesPerSecond: Int) -> ResponseBody {
        ResponseBody(contentLength: count) { writer in
            let piece = max(1, bytesPerSecond / 20)
            let pause = Duration.seconds(Double(piece) / Double(bytesPerSecond))
            var rest = bytes
            while let next = rest.readSlice(length: min(piece, rest.readableBytes)), next.readableBytes > 0 {
                try await writer.write(next)
                try await Task.sleep(for: pause)
            }
            try await writer.finish(nil)
        }
    }

    /// All bytes, bit `bit` of them the other way round; bit 0 is the lowest of the first byte.
    func flipped(bit: Int) -> ResponseBody {
        var copy = bytes
        let index = copy.readerIndex + bit / 8
        if let byte = copy.getInteger(at: index, as: UInt8.self) {
            copy.setInteger(byte ^ (1 << UInt8(bit % 8)), at: index)
        }
        return ResponseBody(byteBuffer: copy)
    }
}
