import COpenJPH
import FrameEngine

/// A decoder as the benchmarks drive it: a codestream in memory to packed pixels in memory. One a thread.
protocol MeasuredDecoder {
    mutating func decode(_ encoded: PooledBuffer) throws -> MeasuredPixels
}

/// What a decoder made: interleaved, little-endian pixels.
struct MeasuredPixels {
    let bytes: PooledBuffer
    /// Where the decoder computed it itself.
    var crc32: UInt32?

    /// The decoder's own, or computed now.
    var checksum: UInt32 { crc32 ?? CRC32.checksum(bytes) }
}

/// What is measured under one name: how to make a decoder of that kind for a thread.
struct DecoderKind: Sendable {
    /// As the JSON names it.
    let name: String
    /// The instructions that the decoder uses.
    let isa: String
    /// On the thread that will use the decoder.
    let make: @Sendable () -> any MeasuredDecoder

    /// For tables and messages.
    var label: String { "\(name) \(isa)" }

    /// The baseline, the peer, and the product's own decoder with each instruction set that this machine has.
    static let all = [openJPEG, openJPH] + natives

    /// libopenjp2; Debian builds it for the architecture's baseline.
    static let openJPEG = DecoderKind(name: OpenJPEGDecoder.name, isa: "baseline") { OpenJPEGBaseline() }

    /// libopenjph, which chooses among its own variants when it runs.
    static let openJPH = DecoderKind(name: "openjph", isa: "dispatched") { OpenJPHPeer() }

    /// The fastest first. A set that the machine lacks would only repeat the figures of a lesser one.
    static let natives = NativeDecoder.InstructionSet.allCases.reversed().compactMap { instructionSet in
        NativeDecoder(upTo: instructionSet).instructionSet == instructionSet
            ? DecoderKind(name: NativeDecoder.name, isa: instructionSet.rawValue) {
                NativeKernels(upTo: instructionSet)
            } : nil
    }
}

/// The product's decoder through libopenjp2.
struct OpenJPEGBaseline: MeasuredDecoder {
    private let pool = BufferPool()
    private let decoder = OpenJPEGDecoder()

    mutating func decode(_ encoded: PooledBuffer) throws -> MeasuredPixels {
        MeasuredPixels(bytes: try decoder.decode(encoded.bytes, pool: pool).bytes)
    }
}

/// The product's decoder through its own kernels; what they decline is an error here, not a way round.
struct NativeKernels: MeasuredDecoder {
    private let pool = BufferPool()
    let decoder: NativeDecoder

    init(upTo instructionSet: NativeDecoder.InstructionSet) {
        decoder = NativeDecoder(upTo: instructionSet)
    }

    mutating func decode(_ encoded: PooledBuffer) throws -> MeasuredPixels {
        switch try decoder.decode(encoded.bytes, pool: pool) {
        case .decoded(let frame): return MeasuredPixels(bytes: frame.bytes, crc32: frame.crc32)
        case .declined(let reason):
            throw BenchError("the native decoder declines the codestream (\(reason))")
        }
    }
}

/// libopenjph's decoder, the peer.
struct OpenJPHPeer: MeasuredDecoder {
    private let pool = BufferPool()

    mutating func decode(_ encoded: PooledBuffer) throws -> MeasuredPixels {
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
        return MeasuredPixels(bytes: pixels)
    }
}
