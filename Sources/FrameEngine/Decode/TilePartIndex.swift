/// Where the tile-parts of a codestream lie, by their SOT markers (ITU-T T.800, A.4.2).
///
/// Tells a whole codestream from one that was cut off, without decoding: tile-parts state their length.
public struct TilePartIndex: Sendable, Hashable {
    /// One tile-part.
    public struct TilePart: Sendable, Hashable {
        /// Isot: the tile, in raster order.
        public let tile: Int
        /// TPsot: the part of that tile, 0 first.
        public let part: Int
        /// TNsot: the number of parts of that tile, 0 where this part does not tell.
        public let partCount: Int
        /// Of the SOT marker, from SOC.
        public let offset: Int
        /// Psot: the stated length from the SOT marker on; where it is 0, what lies up to the end marker.
        public let byteCount: Int
    }

    public internal(set) var parts: [TilePart] = []
    /// Whether the end-of-codestream marker stands where the last tile-part ends.
    public internal(set) var hasEndMarker = false
    /// COD and COC found in tile-part headers.
    public internal(set) var codingStyles: [CodingStyle] = []
    /// Nil when everything stated is there; else why the codestream counts as cut off.
    public internal(set) var truncation: DecodeError?

    /// Follows the tile-parts of the bare codestream `bytes`. A codestream that ends early is no error here: see
    /// `truncation`.
    ///
    /// - Throws: `damaged` where the chain of tile-parts breaks the rules.
    public init(of bytes: UnsafeRawBufferPointer, header: CodestreamHeader) throws(DecodeError) {
        var offset = header.firstTilePartOffset
        while true {
            guard let code = bytes.bigEndian16(at: offset) else { break }
            if code == Marker.endOfCodestream {
                hasEndMarker = true
                truncation = missingPart(tiles: header.tileColumns.saturatingTimes(header.tileRows))
                return
            }
            guard code == Marker.startOfTilePart else {
                throw DecodeError(
                    .damaged,
                    "byte \(offset) of the codestream should start a tile-part or end it; fetch it again")
            }
            guard let part = try Self.tilePart(at: offset, in: bytes) else { break }
            parts.append(part)
            let isCutOff = part.byteCount > bytes.count - offset
            do {
                try takeStyles(of: part, in: bytes, componentCount: header.components.count)
            } catch {
                // A header that was cut off is no worse than the rest of the part, which is missing too.
                guard isCutOff, error.kind == .truncated else { throw error }
            }
            guard !isCutOff else {
                truncation = Self.cutOff(inside: part, at: bytes.count, header: header)
                return
            }
            offset += part.byteCount
        }
        // Without it nobody can tell whether another tile-part followed, and OpenJPEG refuses too.
        truncation = DecodeError(
            .truncated,
            "the codestream is cut off at byte \(bytes.count), after \(parts.count) tile-parts and "
                + "without an end marker; fetch the frame again")
    }

    /// A gap in the chain: parts of a tile are numbered from 0 without one, and every tile has at least one (A.4.2).
    ///
    /// A lost last part shows only where the count is stated, and OpenJPEG does not notice it: the checksum does.
    private func missingPart(tiles: Int) -> DecodeError? {
        var next: [Int: Int] = [:]
        var stated: [Int: Int] = [:]
        for part in parts {
            let expected = next[part.tile, default: 0]
            guard part.part == expected else { return Self.missing(part: expected, of: part.tile) }
            next[part.tile] = expected + 1
            if part.partCount > 0 { stated[part.tile] = part.partCount }
        }
        for (tile, count) in stated where next[tile, default: 0] < count {
            return Self.missing(part: next[tile, default: 0], of: tile)
        }
        guard next.count < tiles else { return nil }
        return Self.missing(part: 0, of: (0..<tiles).first { next[$0] == nil } ?? 0)
    }

    private static func missing(part: Int, of tile: Int) -> DecodeError {
        DecodeError(.truncated, "tile-part \(part) of tile \(tile) is missing; fetch the frame again")
    }

    /// Reads SOT. Nil when the data ends inside it.
    private static func tilePart(
        at offset: Int, in bytes: UnsafeRawBufferPointer
    ) throws(DecodeError) -> TilePart? {
        guard let length = bytes.bigEndian16(at: offset + 2), let tile = bytes.bigEndian16(at: offset + 4),
            let stated = bytes.bigEndian32(at: offset + 6), let part = bytes.byte(at: offset + 10),
            let partCount = bytes.byte(at: offset + 11)
        else { return nil }
        guard length == 10, stated == 0 || stated >= 14 else {
            throw DecodeError(
                .damaged, "the tile-part at byte \(offset) states impossible lengths; fetch the frame again")
        }
        let byteCount = stated > 0 ? stated : lengthToEndMarker(from: offset, in: bytes)
        return TilePart(tile: tile, part: part, partCount: partCount, offset: offset, byteCount: byteCount)
    }

    /// Psot 0 means "up to EOC", which then closes the data, perhaps before one byte of padding (DICOM PS3.5, A.4).
    private static func lengthToEndMarker(from offset: Int, in bytes: UnsafeRawBufferPointer) -> Int {
        for padding in 0...1 {
            let end = bytes.count - 2 - padding
            if end >= offset + 14, bytes.bigEndian16(at: end) == Marker.endOfCodestream {
                return end - offset
            }
        }
        return bytes.count - offset
    }

    private static func cutOff(
        inside part: TilePart, at end: Int, header: CodestreamHeader
    ) -> DecodeError {
        // One tile-part a resolution is how resolution-first streams are cut up (HealthImaging's are).
        let isResolutionFirst = header.progression == .rpcl || header.progression == .rlcp
        let resolution =
            isResolutionFirst && part.part <= header.codingStyle.decompositions
            ? ", resolution \(part.part) where each has one," : ""
        return DecodeError(
            .truncated,
            "the codestream is cut off at byte \(end): tile-part \(part.part) of tile \(part.tile)"
                + "\(resolution) runs from byte \(part.offset) to \(part.offset + part.byteCount); fetch it again"
        )
    }

    /// Collects COD and COC between SOT and SOD.
    private mutating func takeStyles(
        of part: TilePart, in bytes: UnsafeRawBufferPointer, componentCount: Int
    ) throws(DecodeError) {
        var offset = part.offset + 12
        let end = min(part.offset + part.byteCount, bytes.count)
        while offset < end, bytes.bigEndian16(at: offset) != Marker.startOfData {
            guard bytes.count - offset >= 4 else { return }
            let segment = try MarkerSegment(in: bytes, at: offset)
            if segment.code == Marker.codingStyleDefault || segment.code == Marker.codingStyleComponent {
                let style = try CodestreamHeader.style(of: segment, in: bytes, componentCount: componentCount)
                if codingStyles.count <= DecodeLimits.maximumCodingStyles, !codingStyles.contains(style) {
                    codingStyles.append(style)
                }
            }
            offset = segment.end
        }
    }
}
