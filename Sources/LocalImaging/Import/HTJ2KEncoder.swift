import COpenJPH
import FrameEngine

/// Why an image could not be encoded.
public enum HTJ2KEncodingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// libopenjph 0.9 computes in 32 bits and keeps `limit` bits of precision without loss.
    case tooManyBits(bits: Int, limit: Int)
    /// The layout is outside of what a frame may be (1 to 4 components, sides of 1 to 65535 pixels), or the
    /// bytes are not as many as the layout says.
    case badLayout
    /// The library failed; `status` is the shim's status.
    case library(status: UInt32)

    public var description: String {
        switch self {
        case .tooManyBits(let bits, let limit):
            "samples need \(bits) bits and the encoder keeps \(limit) without loss"
        case .badLayout:
            "the image's size does not fit its bytes, or has more than 4 components or 65535 rows or columns"
        case .library(let status):
            "libopenjph failed (status \(status))"
        }
    }
}

/// Encodes frames as HealthImaging stores them: HTJ2K lossless 5/3, RPCL, one tile-part a resolution, in JP2 boxes.
///
/// Keeps its memory between frames. One thread at a time; make one for each worker.
public final class HTJ2KEncoder {
    private var output = cojph_bytes()

    public init() {}

    deinit { cojph_bytes_free(&output) }

    /// The wavelet decompositions of a frame of this size: one less than its resolutions.
    static func decompositions(width: Int, height: Int) -> Int {
        Int(cojph_decompositions(UInt32(clamping: width), UInt32(clamping: height)))
    }

    /// The boxed frame. The memory belongs to the encoder and is valid until its next call or its end.
    ///
    /// `pixels` are as `layout` says: pixel-interleaved, little-endian, 1, 2 or 4 bytes a sample. RGB goes through
    /// the reversible colour transform, which saves a fifth to a third on photographs and ultrasound; whether the
    /// service uses it is not known. Luminance and colour differences are decorrelated already and stay as they are.
    public func encode(
        _ pixels: UnsafeRawBufferPointer, layout: PixelLayout, colour: ColourModel
    ) throws(HTJ2KEncodingError) -> UnsafeRawBufferPointer {
        let wantsTransform = colour == .rgb && layout.components == 3
        guard layout.bitsPerSample <= COJPH_MAX_BITS else {
            throw .tooManyBits(bits: layout.bitsPerSample, limit: Int(COJPH_MAX_BITS))
        }
        let usesTransform = wantsTransform && layout.bitsPerSample <= COJPH_MAX_BITS_WITH_COLOUR_TRANSFORM
        guard let width = UInt32(exactly: layout.width), let height = UInt32(exactly: layout.height),
            let components = UInt32(exactly: layout.components),
            let bits = UInt32(exactly: layout.bitsPerSample), pixels.count == layout.byteCount
        else { throw .badLayout }
        let header = JP2Boxes.header(for: layout, colour: colour)
        var status = cojph_bytes_assign(&output, header, header.count)
        guard status == COJPH_OK else { throw .library(status: status.rawValue) }
        var image = cojph_image(
            width: width, height: height, components: components, bits_per_sample: bits,
            bytes_per_sample: UInt32(layout.bytesPerSample), is_signed: layout.isSigned ? 1 : 0,
            samples: pixels.baseAddress, byte_count: pixels.count)
        status = cojph_encode(&image, usesTransform ? 1 : 0, &output)
        guard status != COJPH_BAD_ARGUMENT else { throw .badLayout }
        guard status == COJPH_OK else { throw .library(status: status.rawValue) }
        return UnsafeRawBufferPointer(start: output.data, count: output.size)
    }
}
