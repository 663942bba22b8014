/// What the native decoder needs to know of a codestream beyond what it reads itself: where it lies, and its layout.
///
/// Valid as long as the bytes it was made from.
struct CodestreamOutline {
    /// From SOC to EOC, without boxes.
    let bytes: UnsafeRawBufferPointer
    private let grid: ReferenceGrid
    private let componentCount: Int
    private let bitsPerSample: Int
    private let isSigned: Bool

    /// As `CodestreamHeader.layout(reduction:)`.
    func layout(reduction: Int) -> PixelLayout {
        let size = grid.size(reduction: reduction)
        return PixelLayout(
            width: size.width, height: size.height, components: componentCount, bitsPerSample: bitsPerSample,
            isSigned: isSigned)
    }

    /// The outline of a codestream that has passed every check.
    init(of checked: CheckedCodestream) {
        let layout = checked.header.layout()
        bytes = checked.bytes
        grid = checked.header.grid
        componentCount = layout.components
        bitsPerSample = layout.bitsPerSample
        isSigned = layout.isSigned
    }
}

extension CodestreamOutline {
    /// The way of nearly every frame: all that `CheckedCodestream` judges, without an allocation and without a word.
    ///
    /// Nil does not mean that something is wrong: only that `CheckedCodestream` must look, because the stream is
    /// unusual (several coding styles, interleaved tiles, a last tile-part without a length), beyond `limits`, cut off
    /// or damaged. It then says what is wrong, or that nothing is. Never accepts what that refuses.
    init?(in file: UnsafeRawBufferPointer, limits: DecodeLimits) {
        guard let container = try? JP2Container(parsing: file) else { return nil }
        let bytes = UnsafeRawBufferPointer(rebasing: file[container.codestream])
        guard let size = SizeSegment(in: bytes), let style = StyleSegment(in: bytes, after: size.end),
            let tiles = limits.tiles(of: size),
            limits.allows(size, cutBy: style, byteCount: bytes.count),
            Self.isWhole(bytes, from: style.firstTilePart, tiles: tiles)
        else { return nil }
        self.bytes = bytes
        grid = size.grid
        componentCount = size.componentCount
        bitsPerSample = size.bitsPerSample
        isSigned = size.isSigned
    }

    /// Whether all tile-parts are there, tile after tile, each in order, and EOC behind them (A.4.2).
    private static func isWhole(_ bytes: UnsafeRawBufferPointer, from first: Int, tiles: Int) -> Bool {
        var (offset, tile, part, stated) = (first, 0, 0, 0)
        while bytes.bigEndian16(at: offset) == Marker.startOfTilePart {
            guard bytes.bigEndian16(at: offset + 2) == 10, let index = bytes.bigEndian16(at: offset + 4),
                let length = bytes.bigEndian32(at: offset + 6), let number = bytes.byte(at: offset + 10),
                let count = bytes.byte(at: offset + 11), length >= 14, length <= bytes.count - offset,
                hasOwnNoStyle(bytes, from: offset + 12, to: offset + length)
            else { return false }
            if index == tile + 1, part > 0, stated <= part { (tile, part, stated) = (index, 0, 0) }
            guard index == tile, number == part else { return false }
            if count > 0 { stated = count }
            part += 1
            offset += length
        }
        return bytes.bigEndian16(at: offset) == Marker.endOfCodestream && tile == tiles - 1 && part > 0
            && stated <= part
    }

    /// Whether a tile-part's header ends in SOD and holds neither COD nor COC.
    private static func hasOwnNoStyle(_ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int) -> Bool {
        var offset = start
        while offset < end {
            guard let code = bytes.bigEndian16(at: offset) else { return false }
            if code == Marker.startOfData { return true }
            guard code >= 0xff4f, code != Marker.codingStyleDefault, code != Marker.codingStyleComponent,
                let length = bytes.bigEndian16(at: offset + 2), length >= 2
            else { return false }
            offset += 2 + length
        }
        return false
    }
}

/// SIZ of an image of 1 to 4 components of one sign, within its own rules.
private struct SizeSegment {
    let grid: ReferenceGrid
    let componentCount: Int
    let bitsPerSample: Int
    let isSigned: Bool
    /// One beyond its last byte.
    let end: Int
    private let first: CodestreamHeader.Component
    private let others: (CodestreamHeader.Component, CodestreamHeader.Component, CodestreamHeader.Component)

    init?(in bytes: UnsafeRawBufferPointer) {
        guard let length = bytes.bigEndian16(at: 4), let count = bytes.bigEndian16(at: 40),
            (1...4).contains(count), length == 38 + 3 * count, length + 4 <= bytes.count
        else { return nil }
        func field(_ index: Int) -> Int { bytes.bigEndian32(at: 8 + 4 * index) ?? 0 }
        let grid = ReferenceGrid(
            width: field(0), height: field(1), offsetX: field(2), offsetY: field(3), tileWidth: field(4),
            tileHeight: field(5), tileOffsetX: field(6), tileOffsetY: field(7))
        guard grid.hasPixels, grid.tilesMeetImage else { return nil }
        func component(_ index: Int) -> CodestreamHeader.Component {
            let at = 42 + 3 * min(index, count - 1)
            let depth = bytes.byte(at: at) ?? 0
            return CodestreamHeader.Component(
                precision: (depth & 0x7f) + 1, isSigned: depth & 0x80 != 0,
                horizontalStep: bytes.byte(at: at + 1) ?? 0, verticalStep: bytes.byte(at: at + 2) ?? 0)
        }
        var most = 0
        for index in 0..<count {
            let one = component(index)
            guard one.horizontalStep > 0, one.verticalStep > 0, one.isSigned == component(0).isSigned,
                grid.hasSamples(everyX: one.horizontalStep, everyY: one.verticalStep)
            else { return nil }
            most = max(most, one.precision)
        }
        guard most <= 32 else { return nil }
        self.grid = grid
        componentCount = count
        bitsPerSample = most
        isSigned = component(0).isSigned
        end = 4 + length
        first = component(0)
        others = (component(1), component(2), component(3))
    }

    func addComponents(to cost: inout TileCost) {
        cost.add(first)
        if componentCount > 1 { cost.add(others.0) }
        if componentCount > 2 { cost.add(others.1) }
        if componentCount > 3 { cost.add(others.2) }
    }

    /// Of the whole image, after upsampling.
    var samples: Int {
        let size = grid.size(reduction: 0)
        return size.width.saturatingTimes(size.height).saturatingTimes(componentCount)
    }
}

/// The only coding style of a main header.
private struct StyleSegment {
    let style: CodingStyle
    let layers: Int
    /// Offset of the first SOT.
    let firstTilePart: Int

    /// Nil where there is no COD, several, or a COC.
    init?(in bytes: UnsafeRawBufferPointer, after start: Int) {
        var offset = start
        var found: (style: CodingStyle, layers: Int)?
        while let code = bytes.bigEndian16(at: offset), code != Marker.startOfTilePart {
            guard code >= 0xff4f, code != Marker.codingStyleComponent,
                let length = bytes.bigEndian16(at: offset + 2), length >= 2,
                length <= bytes.count - offset - 2
            else { return nil }
            if code == Marker.codingStyleDefault {
                let body = offset + 4
                let end = offset + 2 + length
                guard found == nil, let flags = bytes.byte(at: body),
                    let layers = bytes.bigEndian16(at: body + 2),
                    let order = bytes.byte(at: body + 1),
                    CodestreamHeader.Progression(rawValue: order) != nil,
                    layers > 0,
                    let style = CodingStyle(in: bytes, at: body + 5, end: end, hasPrecincts: flags & 1 != 0)
                else { return nil }
                found = (style, layers)
            }
            offset += 2 + length
        }
        guard let found, bytes.bigEndian16(at: offset) == Marker.startOfTilePart else { return nil }
        (style, layers, firstTilePart) = (found.style, found.layers, offset)
    }
}

extension DecodeLimits {
    /// The count of tiles, nil when it is more than allowed.
    fileprivate func tiles(of size: SizeSegment) -> Int? {
        let tiles = size.grid.tileColumns.saturatingTimes(size.grid.tileRows)
        return tiles <= min(maximumTiles, 65_535) ? tiles : nil
    }

    /// What `judgeClaims` and `judgePlausibility` ask for, of one coding style.
    fileprivate func allows(_ size: SizeSegment, cutBy cutting: StyleSegment, byteCount: Int) -> Bool {
        let samples = size.samples
        let bytesPerSample = size.bitsPerSample <= 8 ? 1 : size.bitsPerSample <= 16 ? 2 : 4
        guard samples <= maximumSamples, samples.saturatingTimes(bytesPerSample) <= maximumDecodedBytes,
            samples <= max(freeSamples, byteCount.saturatingTimes(maximumSamplesPerEncodedByte))
        else { return false }
        var cost = TileCost(of: size.grid, layers: cutting.layers, with: cutting.style)
        size.addComponents(to: &cost)
        return cost.codeBlocksOfLargestTile <= maximumCodeBlocksPerTile
            && cost.packetSlotsOfLargestTile <= Self.maximumPacketSlots && cost.packets <= byteCount
    }
}
