/// The geometry of decoded pixels: rows top to bottom, pixel-interleaved, little-endian, no padding.
public struct PixelLayout: Hashable, Sendable {
    /// Columns, in pixels.
    public let width: Int
    /// Rows, in pixels.
    public let height: Int
    /// Samples per pixel, 1 to 4.
    public let components: Int
    /// Precision of a sample, 1 to 32 bits.
    public let bitsPerSample: Int
    /// Two's complement when true.
    public let isSigned: Bool

    public init(width: Int, height: Int, components: Int, bitsPerSample: Int, isSigned: Bool) {
        self.width = width
        self.height = height
        self.components = components
        self.bitsPerSample = bitsPerSample
        self.isSigned = isSigned
    }

    /// Bytes of one sample's container: ceil(bits / 8) rounded up to 1, 2 or 4.
    public var bytesPerSample: Int { bitsPerSample <= 8 ? 1 : bitsPerSample <= 16 ? 2 : 4 }

    /// Bytes of one row.
    public var bytesPerRow: Int { width * components * bytesPerSample }

    /// Bytes of the whole image.
    public var byteCount: Int { bytesPerRow * height }
}
