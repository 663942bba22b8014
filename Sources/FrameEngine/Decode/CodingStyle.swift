/// How wavelet coefficients are cut up: the SPcod/SPcoc part of COD and COC (ITU-T T.800, A.6.1, table A.15).
public struct CodingStyle: Sendable, Hashable {
    /// Wavelet decompositions, 0 to 32: one less than the number of resolutions.
    public let decompositions: Int
    /// log2 of the code-block's width and height in samples.
    public let codeBlockWidthExponent: Int
    public let codeBlockHeightExponent: Int
    /// Code-block style bits (table A.19; 0x40 and up: HT, ISO/IEC 15444-15 table A.4).
    public let codeBlockStyle: Int
    /// True for the reversible 5/3 transform, false for the irreversible 9/7.
    public let isReversible: Bool
    /// log2 of precinct width and height, lowest resolution first; 15 where the stream gives none.
    public var precinctExponents: [PrecinctExponents] { (0...decompositions).map(precinct(of:)) }

    // Four bits a resolution and not an array: a style is read for every frame, and costs no allocation.
    private let lowestPrecinct: UInt8
    private let upperPrecinctWidths: UInt128
    private let upperPrecinctHeights: UInt128

    /// log2 of one resolution's precinct size in samples (table A.21).
    public struct PrecinctExponents: Sendable, Hashable {
        public let width: Int
        public let height: Int
    }

    /// Whether code-blocks are coded by HT (ISO/IEC 15444-15), all or some of them.
    public var usesHighThroughput: Bool { codeBlockStyle & 0x40 != 0 }

    /// Reads the parameters at `offset`, within a marker segment that ends at `end`. Nil when they break a rule.
    init?(in bytes: UnsafeRawBufferPointer, at offset: Int, end: Int, hasPrecincts: Bool) {
        guard offset + 5 <= end, let levels = bytes.byte(at: offset), let width = bytes.byte(at: offset + 1),
            let height = bytes.byte(at: offset + 2), let style = bytes.byte(at: offset + 3),
            let transform = bytes.byte(at: offset + 4)
        else { return nil }
        // A.6.1: up to 32 levels; code-blocks 4 to 1024 on a side and at most 4096 samples.
        guard levels <= 32, width <= 8, height <= 8, width + height + 4 <= 12, transform <= 1 else {
            return nil
        }
        decompositions = levels
        codeBlockWidthExponent = width + 2
        codeBlockHeightExponent = height + 2
        codeBlockStyle = style
        isReversible = transform == 1
        var lowest: UInt8 = 0xff
        var (widths, heights) = (UInt128.zero, UInt128.zero)
        for resolution in 0...levels {
            var sizes = 0xff
            if hasPrecincts {
                guard offset + 5 + resolution < end, let stated = bytes.byte(at: offset + 5 + resolution)
                else {
                    return nil
                }
                sizes = stated
            }
            guard resolution > 0 else {
                lowest = UInt8(sizes)
                continue
            }
            // Only the lowest resolution may have precincts of one sample (A.6.1).
            guard sizes & 15 > 0, sizes >> 4 > 0 else { return nil }
            widths |= UInt128(sizes & 15) << (4 * UInt128(resolution - 1))
            heights |= UInt128(sizes >> 4) << (4 * UInt128(resolution - 1))
        }
        (lowestPrecinct, upperPrecinctWidths, upperPrecinctHeights) = (lowest, widths, heights)
    }

    /// Of one resolution, 0 (the lowest) to `decompositions`.
    func precinct(of resolution: Int) -> PrecinctExponents {
        guard resolution > 0 else {
            return PrecinctExponents(width: Int(lowestPrecinct & 15), height: Int(lowestPrecinct >> 4))
        }
        let shift = 4 * UInt128(resolution - 1)
        return PrecinctExponents(
            width: Int(upperPrecinctWidths >> shift & 15), height: Int(upperPrecinctHeights >> shift & 15))
    }
}
