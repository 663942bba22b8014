/// How many pieces an image falls into under one coding style (T.800, B.5 to B.7).
struct TileCost {
    /// Of the resolutions that are wanted.
    private(set) var packets = 0
    private(set) var codeBlocksOfLargestTile = 0
    private var precinctsOfLargestTile = 0
    private var components = 0
    private let grid: ReferenceGrid
    private let layers: Int
    private let style: CodingStyle
    private let reduction: Int

    /// Packets that a decoder may have to tell apart in one tile.
    var packetSlotsOfLargestTile: Int {
        precinctsOfLargestTile.saturatingTimes(components).saturatingTimes(style.decompositions + 1)
            .saturatingTimes(layers)
    }

    /// Counts along one axis: summed over all tiles, and the most in any one.
    private struct Axis {
        var precincts: Int
        var precinctsOfLargest: Int
        var blocksOfLargest: Int
    }

    /// The cost of an image without components yet.
    ///
    /// - Parameter reduction: highest resolutions left out; a decoder lays out their code-blocks all the same.
    init(of grid: ReferenceGrid, layers: Int, with style: CodingStyle, reduction: Int = 0) {
        (self.grid, self.layers, self.style, self.reduction) = (grid, layers, style, reduction)
    }

    init(
        of grid: ReferenceGrid, components: [CodestreamHeader.Component], layers: Int,
        with style: CodingStyle,
        reduction: Int = 0
    ) {
        self.init(of: grid, layers: layers, with: style, reduction: reduction)
        for component in components { add(component) }
    }

    mutating func add(_ component: CodestreamHeader.Component) {
        components += 1
        for resolution in 0...style.decompositions {
            let precinct = style.precinct(of: resolution)
            let shift = style.decompositions - resolution
            let across = Self.count(
                from: grid.offsetX, to: grid.width, tileOffset: grid.tileOffsetX,
                tileSize: grid.tileWidth, step: component.horizontalStep, shift: shift,
                precinctExponent: precinct.width, blockExponent: style.codeBlockWidthExponent,
                isLowest: resolution == 0)
            let down = Self.count(
                from: grid.offsetY, to: grid.height, tileOffset: grid.tileOffsetY,
                tileSize: grid.tileHeight, step: component.verticalStep, shift: shift,
                precinctExponent: precinct.height, blockExponent: style.codeBlockHeightExponent,
                isLowest: resolution == 0)
            // Precincts of a tile are columns times rows, so the sums over all tiles multiply too.
            let precincts = across.precincts.saturatingTimes(down.precincts)
            if resolution <= style.decompositions - reduction {
                packets = packets.saturatingPlus(precincts.saturatingTimes(layers))
            }
            let subbands = resolution == 0 ? 1 : 3
            codeBlocksOfLargestTile = codeBlocksOfLargestTile.saturatingPlus(
                across.blocksOfLargest.saturatingTimes(down.blocksOfLargest).saturatingTimes(subbands))
            precinctsOfLargestTile = max(
                precinctsOfLargestTile, across.precinctsOfLargest.saturatingTimes(down.precinctsOfLargest))
        }
    }

    private static func count(
        from start: Int, to end: Int, tileOffset: Int, tileSize: Int, step: Int, shift: Int,
        precinctExponent: Int, blockExponent: Int, isLowest: Bool
    ) -> Axis {
        var axis = Axis(precincts: 0, precinctsOfLargest: 0, blocksOfLargest: 0)
        let tiles = (end - tileOffset).dividedRoundingUp(by: tileSize)
        // In subband coordinates a precinct above the lowest resolution is half as wide (B.7).
        let block = min(blockExponent, isLowest ? precinctExponent : precinctExponent - 1)
        for tile in 0..<tiles {
            let low = max(tileOffset + tile * tileSize, start).dividedRoundingUp(by: step)
            let high = min(tileOffset + (tile + 1) * tileSize, end).dividedRoundingUp(by: step)
            let first = low.dividedRoundingUp(by: 1 << shift)
            let last = high.dividedRoundingUp(by: 1 << shift)
            guard last > first else { continue }
            let precincts = last.dividedRoundingUp(by: 1 << precinctExponent) - (first >> precinctExponent)
            // The decoder lays out whole precincts, each in at most this many blocks; a subband has half the
            // samples of its resolution, and one block more at either edge.
            let samples = isLowest ? last - first : (last - first + 1) / 2
            let blocks = (samples >> block) + 2
            axis.precincts += precincts
            axis.precinctsOfLargest = max(axis.precinctsOfLargest, precincts)
            axis.blocksOfLargest = max(axis.blocksOfLargest, max(blocks, precincts))
        }
        return axis
    }
}
