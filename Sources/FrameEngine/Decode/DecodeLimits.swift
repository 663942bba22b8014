/// What a decoder accepts before it reserves memory for an image.
///
/// A header of a hundred bytes can claim an image of 2^64 pixels, so the claim is judged before any decoder
/// sees it. A decoder needs about 8 bytes a sample beside the output (two 32-bit copies in OpenJPEG).
public struct DecodeLimits: Sendable, Hashable {
    /// The largest image, in samples (pixels x components, after upsampling). Default 2^28: 16,384 x 16,384.
    public var maximumSamples: Int
    /// The largest output, in bytes. Default 1 GiB.
    public var maximumDecodedBytes: Int
    /// Images up to this many samples may come from any number of bytes: a flat image costs next to nothing.
    /// Default 2^26, 64 million.
    public var freeSamples: Int
    /// Beyond `freeSamples`, the most samples that one encoded byte can account for. Default 4,096.
    public var maximumSamplesPerEncodedByte: Int
    /// The most tiles. Default 16,384 (ITU-T T.800, A.4.2 allows 65,535).
    public var maximumTiles: Int
    /// The most code-blocks in one tile; each takes some 200 bytes. Default 2^21: 4x4 blocks in 32 megapixels.
    public var maximumCodeBlocksPerTile: Int

    public init(
        maximumSamples: Int = 1 << 28, maximumDecodedBytes: Int = 1 << 30, freeSamples: Int = 1 << 26,
        maximumSamplesPerEncodedByte: Int = 4096, maximumTiles: Int = 16_384,
        maximumCodeBlocksPerTile: Int = 1 << 21
    ) {
        self.maximumSamples = maximumSamples
        self.maximumDecodedBytes = maximumDecodedBytes
        self.freeSamples = freeSamples
        self.maximumSamplesPerEncodedByte = maximumSamplesPerEncodedByte
        self.maximumTiles = maximumTiles
        self.maximumCodeBlocksPerTile = maximumCodeBlocksPerTile
    }

    /// The defaults named above.
    public static let standard = DecodeLimits()
}
