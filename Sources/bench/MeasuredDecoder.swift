import COpenJPH
import FrameEngine

/// A decoder as the benchmarks drive it: a codestream in memory to packed pixels in memory. One a thread.
protocol MeasuredDecoder: SendableMetatype {
    /// As the JSON names it.
    static var name: String { get }
    /// The instructions that the library's decoder was built for.
    static var isa: String { get }
    init()
    /// The pixels: interleaved, little-endian.
    mutating func decode(_ encoded: PooledBuffer) throws -> PooledBuffer
}

/// The product's decoder through libopenjp2.
struct OpenJPEGBaseline: MeasuredDecoder {
    static let name = OpenJPEGDecoder.name
    /// Debian builds it for the architecture's baseline.
    static let isa = "baseline"
    private let pool = BufferPool()
    private let decoder = OpenJPEGDecoder()

    mutating func decode(_ encoded: PooledBuffer) throws -> PooledBuffer {
        try decoder.decode(encoded.bytes, pool: pool).bytes
    }
}

/// libopenjph's decoder, the peer.
struct OpenJPHPeer: MeasuredDecoder {
    static let name = "openjph"
    /// The library chooses among its own variants when it runs.
    static let isa = "dispatched"
    private let pool = BufferPool()

    mutating func decode(_ encoded: PooledBuffer) throws -> PooledBuffer {
        let container = try JP2Container(parsing: encoded.bytes)
        let codestream = UnsafeRawBufferPointer(rebasing: encoded.bytes[container.codestream])
        let byteCount = try CodestreamHeader(parsing: codestream).layout().byteCount
        let pixels = pool.buffer(capacity: byteCount)
        var layout = cojph_layout()
        let status = pixels.withMutableBytes(count: byteCount) { pixels in
            cojph_decode(
                codestream.baseAddress?.assumingMemoryBound(to: UInt8.self), codestream.count,
                pixels.baseAddress,
                pixels.count, &layout)
        }
        guard status == COJPH_OK, layout.byte_count == byteCount else {
            throw BenchError("libopenjph does not decode the codestream (status \(status.rawValue))")
        }
        return pixels
    }
}
