extension DecodeLimits {
    /// The most different coding styles in one codestream; each makes one more count of precincts.
    static let maximumCodingStyles = 8
    /// The most packets that a decoder may have to tell apart in one tile (it keeps two bytes for each).
    static let maximumPacketSlots = 1 << 27

    /// Refuses an image by what its main header claims, before anything else is read.
    ///
    /// - Throws: `over-limit`; `unsupported` for more than 4 components, mixed signs or more than 32 bits.
    public func judgeClaims(of header: CodestreamHeader) throws(DecodeError) {
        let samples = Self.samples(of: header)
        guard samples <= maximumSamples else {
            throw DecodeError(
                .overLimit, "\(Self.claim(of: header)), more than the limit of \(maximumSamples)")
        }
        let bytes = samples.saturatingTimes(header.layout().bytesPerSample)
        guard bytes <= maximumDecodedBytes else {
            throw DecodeError(
                .overLimit,
                "\(Self.claim(of: header)) in \(bytes) bytes, more than the limit of \(maximumDecodedBytes)")
        }
        let tiles = header.tileColumns.saturatingTimes(header.tileRows)
        guard tiles <= min(maximumTiles, 65_535) else {
            throw DecodeError(
                .overLimit, "the codestream states \(tiles) tiles, more than the limit of \(maximumTiles)")
        }
        try judgeComponents(header)
    }

    /// Refuses an image that its bytes cannot hold, or whose pieces would take too much memory to tell apart.
    ///
    /// - Parameters:
    ///   - header: has passed `judgeClaims(of:)`.
    ///   - parts: the tile-parts; whole, but for what is left out.
    ///   - byteCount: bytes of the codestream.
    ///   - reduction: highest resolutions left out. What they need is not asked for: a stream that was cut off may do
    ///     without it.
    /// - Throws: `over-limit`; `damaged` where the image needs more bytes than there are, whatever its content.
    public func judgePlausibility(
        of header: CodestreamHeader, parts: TilePartIndex, byteCount: Int, reduction: Int = 0
    ) throws(DecodeError) {
        guard
            Self.samples(of: header, reduction: reduction)
                <= max(freeSamples, byteCount.saturatingTimes(maximumSamplesPerEncodedByte))
        else {
            throw DecodeError(
                .overLimit, "\(Self.claim(of: header)), which \(byteCount) bytes cannot plausibly hold")
        }
        try judgeBlocks(header, parts: parts, byteCount: byteCount, reduction: reduction)
    }

    private static func samples(of header: CodestreamHeader, reduction: Int = 0) -> Int {
        let layout = header.layout(reduction: reduction)
        return layout.width.saturatingTimes(layout.height).saturatingTimes(layout.components)
    }

    private static func claim(of header: CodestreamHeader) -> String {
        "the codestream states \(header.width) x \(header.height) x \(header.components.count) samples"
    }

    private func judgeComponents(_ header: CodestreamHeader) throws(DecodeError) {
        guard header.components.count <= 4 else {
            throw DecodeError(
                .unsupported, "the image has \(header.components.count) components; at most 4 are known")
        }
        guard Set(header.components.map(\.isSigned)).count == 1 else {
            throw DecodeError(.unsupported, "the image mixes signed and unsigned components")
        }
        if let deep = header.components.first(where: { $0.precision > 32 }) {
            throw DecodeError(
                .unsupported, "the image has samples of \(deep.precision) bits; at most 32 are known")
        }
    }

    private func judgeBlocks(
        _ header: CodestreamHeader, parts: TilePartIndex, byteCount: Int, reduction: Int
    ) throws(DecodeError) {
        var styles = header.allCodingStyles
        for style in parts.codingStyles where !styles.contains(style) { styles.append(style) }
        guard styles.count <= Self.maximumCodingStyles else {
            throw DecodeError(
                .unsupported, "the codestream has more than \(Self.maximumCodingStyles) coding styles")
        }
        for style in styles {
            let cost = TileCost(
                of: header.grid, components: header.components, layers: header.layers, with: style,
                reduction: reduction)
            guard cost.codeBlocksOfLargestTile <= maximumCodeBlocksPerTile else {
                throw DecodeError(
                    .overLimit,
                    "a tile has \(cost.codeBlocksOfLargestTile) code-blocks, more than the limit of "
                        + "\(maximumCodeBlocksPerTile)")
            }
            guard cost.packetSlotsOfLargestTile <= Self.maximumPacketSlots else {
                throw DecodeError(.overLimit, "a tile has \(cost.packetSlotsOfLargestTile) possible packets")
            }
            // A packet takes at least one byte, even an empty one (T.800, B.10.3). Where several coding styles
            // are mixed, none of them alone tells the count of packets.
            guard styles.count > 1 || cost.packets <= byteCount else {
                throw DecodeError(
                    .damaged,
                    "the codestream states \(cost.packets) packets, which \(byteCount) bytes cannot hold; "
                        + "fetch it again")
            }
            guard cost.packets <= byteCount.saturatingTimes(styles.count).saturatingPlus(1 << 20) else {
                throw DecodeError(
                    .overLimit, "the codestream states \(cost.packets) packets in \(byteCount) bytes")
            }
        }
    }
}
