/// What a JPEG 2000 codestream says of itself before its first tile (ITU-T T.800, A.5 and A.6).
///
/// Read without any codec, every access checked, so that hostile claims are judged before memory is reserved.
public struct CodestreamHeader: Sendable, Hashable {
    /// One component of SIZ (A.5.1).
    public struct Component: Sendable, Hashable {
        /// Bits of a sample, 1 to 38.
        public let precision: Int
        public let isSigned: Bool
        /// Reference grid points between samples (XRsiz, YRsiz), 1 to 255.
        public let horizontalStep: Int
        public let verticalStep: Int
    }

    /// The order of packets (table A.16).
    public enum Progression: Int, Sendable {
        case lrcp = 0
        case rlcp = 1
        case rpcl = 2
        case pcrl = 3
        case cprl = 4
    }

    /// Rsiz: profile and capabilities; bit 14 tells that a CAP marker segment follows.
    public let capabilities: Int
    /// Xsiz, Ysiz, XOsiz, YOsiz: the image area on the reference grid.
    public let gridWidth: Int
    public let gridHeight: Int
    public let imageOffsetX: Int
    public let imageOffsetY: Int
    /// XTsiz, YTsiz, XTOsiz, YTOsiz.
    public let tileWidth: Int
    public let tileHeight: Int
    public let tileOffsetX: Int
    public let tileOffsetY: Int
    public let components: [Component]

    /// Pcap of the CAP marker segment (A.5.2), nil without one. Bit 17 from the left's 15th: HTJ2K.
    public internal(set) var extendedCapabilities: Int?
    /// COD.
    public internal(set) var progression = Progression.lrcp
    public internal(set) var layers = 1
    public internal(set) var usesComponentTransform = false
    /// COD's coding style; COC may replace it for a component.
    public internal(set) var codingStyle: CodingStyle
    /// Coding styles of all COD and COC in the main header, COD's first.
    public internal(set) var allCodingStyles: [CodingStyle]
    /// The most magnitude bit-planes that QCD or QCC declare (Mb of E-2).
    public internal(set) var maximumBitPlanes = 0
    /// Byte offset of the first tile-part's SOT marker from SOC.
    public internal(set) var firstTilePartOffset = 0

    /// SIZ's numbers alone.
    var grid: ReferenceGrid {
        ReferenceGrid(
            width: gridWidth, height: gridHeight, offsetX: imageOffsetX, offsetY: imageOffsetY,
            tileWidth: tileWidth, tileHeight: tileHeight, tileOffsetX: tileOffsetX, tileOffsetY: tileOffsetY)
    }
    /// Columns of the image at full resolution, in pixels.
    public var width: Int { gridWidth - imageOffsetX }
    /// Rows of the image at full resolution, in pixels.
    public var height: Int { gridHeight - imageOffsetY }
    public var tileColumns: Int { grid.tileColumns }
    public var tileRows: Int { grid.tileRows }
    /// Whether any code-blocks are HT coded.
    public var isHighThroughput: Bool { allCodingStyles.contains { $0.usesHighThroughput } }

    /// The layout of the decoded image with `reduction` highest resolutions left out.
    ///
    /// Components may differ in precision: the largest decides the container.
    public func layout(reduction: Int = 0) -> PixelLayout {
        let size = grid.size(reduction: reduction)
        return PixelLayout(
            width: size.width, height: size.height,
            components: components.count, bitsPerSample: components.map(\.precision).max() ?? 0,
            isSigned: components.first?.isSigned ?? false)
    }
}
