/// The result of the decode stage: pixels, or the stored bytes where the syntax is not decoded.
public struct DecodedFrame: Sendable {
    /// Pixels as `layout` says; the stored bytes when `layout` is nil.
    public let bytes: PooledBuffer
    /// Nil for a frame that passed through as stored.
    public let layout: PixelLayout?
    /// Which codec made it, as the manifest names it: `openjpeg`, `native`, `as-stored`.
    public let decoder: String
    /// Why the preferred decoder did not make it, as a word for reports; nil when it did.
    public var fallbackReason: String?
    /// CRC-32 of `bytes`, where the decoder computed it while they were in the cache; nil where nobody has yet.
    public var crc32: UInt32?
    /// Highest resolutions that were left out; 0 for the full resolution, and for a frame that passed through.
    public var reduction = 0
    /// Whether the frame has no resolution as low as the one asked for: this is the lowest it has.
    public var lacksResolution = false

    public init(bytes: PooledBuffer, layout: PixelLayout?, decoder: String) {
        self.bytes = bytes
        self.layout = layout
        self.decoder = decoder
    }
}
