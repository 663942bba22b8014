import COpenJPH
import FrameEngine

/// A frame like that of a digital mammography unit, 4096 x 5120 with 12 bits, made from a seed and encoded.
///
/// A half ellipse of tissue at the left edge, brighter towards its middle, with strands at several scales and the
/// noise of few photons; the air around it is almost black. Compresses about as well as real ones do.
struct SyntheticMammogram {
    static let layout = PixelLayout(
        width: 4096, height: 5120, components: 1, bitsPerSample: 12, isSigned: false)

    let encoded: PooledBuffer
    /// Of the pixels that were encoded.
    let crc32: UInt32

    init(seed: UInt64, pool: BufferPool) throws {
        let samples = Self.paint(seed: seed)
        let (layout, byteCount) = (Self.layout, Self.layout.byteCount)
        crc32 = samples.withUnsafeBytes { CRC32.checksum($0) }
        var bytes = cojph_bytes()
        defer { cojph_bytes_free(&bytes) }
        let status = samples.withUnsafeBytes { samples in
            var image = cojph_image(
                width: UInt32(layout.width), height: UInt32(layout.height), components: 1,
                bits_per_sample: UInt32(layout.bitsPerSample),
                bytes_per_sample: UInt32(layout.bytesPerSample),
                is_signed: 0, samples: samples.baseAddress, byte_count: byteCount)
            return cojph_encode(&image, 0, &bytes)
        }
        guard status == COJPH_OK else {
            throw BenchError("libopenjph does not encode the mammogram (status \(status.rawValue))")
        }
        encoded = pool.buffer(capacity: bytes.size)
        encoded.append(UnsafeRawBufferPointer(start: bytes.data, count: bytes.size))
    }

    private static func paint(seed: UInt64) -> [UInt16] {
        var noise = Noise(state: seed)
        let texture = (0..<256 * 256).map { _ in Float(noise.next() & 1023) - 512 }
        return [UInt16](unsafeUninitializedCapacity: layout.width * layout.height) { samples, count in
            for y in 0..<layout.height {
                let dy = (Float(y) - Float(layout.height) / 2) / (Float(layout.height) * 0.46)
                for x in 0..<layout.width {
                    let dx = Float(x) / (Float(layout.width) * 0.82)
                    let depth = 1 - dx * dx - dy * dy
                    // The sum of four dice: near enough to a normal distribution.
                    let bits = noise.next()
                    let dice = (0..<4).reduce(Float(-510)) { $0 + Float(bits >> (8 * UInt64($1)) & 255) }
                    var value: Float = 40 + dice * 0.01
                    if depth > 0 {
                        let strands =
                            texture[(y >> 5 & 255) << 8 | (x >> 5 & 255)] * 0.35
                            + texture[(y >> 3 & 255) << 8 | (x >> 2 & 255)] * 0.08
                        value = 500 + 2600 * depth.squareRoot() * 0.8 + strands + dice * 0.07
                    }
                    samples[y * layout.width + x] = UInt16(min(max(value, 0), 4095)).littleEndian
                }
            }
            count = layout.width * layout.height
        }
    }

    /// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
    private struct Noise {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }
}
