extension CodestreamHeader {
    /// Reads the main header of the bare codestream `bytes`, SOC first, up to the first tile-part.
    ///
    /// - Throws: `not-a-codestream`, `truncated`, or `damaged` with the marker and byte at fault.
    public init(parsing bytes: UnsafeRawBufferPointer) throws(DecodeError) {
        guard bytes.starts(with: [0xff, 0x4f, 0xff, 0x51]) else { throw EncodedKind.mismatch(bytes) }
        let size = try MarkerSegment(in: bytes, at: 2)
        var segments: [MarkerSegment] = []
        var offset = size.end
        while true {
            guard let code = bytes.bigEndian16(at: offset) else { throw Self.endsInHeader(bytes) }
            if code == Marker.startOfTilePart { break }
            let segment = try MarkerSegment(in: bytes, at: offset)
            segments.append(segment)
            offset = segment.end
        }
        guard let defaultStyle = segments.last(where: { $0.code == Marker.codingStyleDefault }) else {
            throw DecodeError(
                .damaged, "the codestream has no COD marker before byte \(offset); fetch it again")
        }
        let style = try Self.style(of: defaultStyle, in: bytes, componentCount: 0)
        try self.init(size: size, style: style, in: bytes)
        firstTilePartOffset = offset
        layers = bytes.bigEndian16(at: defaultStyle.body + 2) ?? 1
        usesComponentTransform = bytes.byte(at: defaultStyle.body + 4) == 1
        guard let order = bytes.byte(at: defaultStyle.body + 1).flatMap(Progression.init(rawValue:)),
            layers > 0
        else {
            throw DecodeError(
                .damaged,
                "COD at byte \(defaultStyle.offset) names no known progression or no layer; fetch again")
        }
        progression = order
        for segment in segments { try take(segment, in: bytes) }
    }

    private mutating func take(_ segment: MarkerSegment, in bytes: UnsafeRawBufferPointer) throws(DecodeError)
    {
        switch segment.code {
        case Marker.capabilities:
            extendedCapabilities = bytes.bigEndian32(at: segment.body)
        case Marker.codingStyleDefault, Marker.codingStyleComponent:
            let style = try Self.style(of: segment, in: bytes, componentCount: components.count)
            if !allCodingStyles.contains(style) { allCodingStyles.append(style) }
        case Marker.quantizationDefault:
            maximumBitPlanes = max(maximumBitPlanes, Self.bitPlanes(in: bytes, at: segment.body, segment.end))
        case Marker.quantizationComponent:
            let body = segment.body + (components.count < 257 ? 1 : 2)
            maximumBitPlanes = max(maximumBitPlanes, Self.bitPlanes(in: bytes, at: body, segment.end))
        default:
            break
        }
    }

    /// The coding style of a COD or COC segment (A.6.1, A.6.2).
    static func style(
        of segment: MarkerSegment, in bytes: UnsafeRawBufferPointer, componentCount: Int
    ) throws(DecodeError) -> CodingStyle {
        let isDefault = segment.code == Marker.codingStyleDefault
        let flags = isDefault ? segment.body : segment.body + (componentCount < 257 ? 1 : 2)
        guard let scod = bytes.byte(at: flags), flags < segment.end,
            let style = CodingStyle(
                in: bytes, at: flags + (isDefault ? 5 : 1), end: segment.end, hasPrecincts: scod & 1 != 0)
        else {
            throw DecodeError(
                .damaged, "the coding style at byte \(segment.offset) breaks the rules; fetch the frame again"
            )
        }
        return style
    }

    /// The largest Mb = G + exponent - 1 (T.800, E-2) of a QCD or QCC body.
    private static func bitPlanes(in bytes: UnsafeRawBufferPointer, at body: Int, _ end: Int) -> Int {
        guard let style = bytes.byte(at: body) else { return 0 }
        let guardBits = style >> 5
        let isByteSized = style & 31 == 0
        var largest = 0
        var offset = body + 1
        while offset < end {
            let exponent =
                isByteSized
                ? bytes.byte(at: offset).map { $0 >> 3 } : bytes.bigEndian16(at: offset).map { $0 >> 11 }
            largest = max(largest, exponent ?? 0)
            offset += isByteSized ? 1 : 2
        }
        return guardBits + largest - 1
    }

    private init(
        size: MarkerSegment, style: CodingStyle, in bytes: UnsafeRawBufferPointer
    ) throws(DecodeError) {
        let body = size.body
        guard let count = bytes.bigEndian16(at: body + 34), size.end - body == 36 + 3 * count, count > 0
        else {
            throw DecodeError(
                .damaged, "SIZ states a length that does not fit its components; fetch the frame again")
        }
        var fields: [Int] = []
        for index in 0..<8 { fields.append(bytes.bigEndian32(at: body + 2 + 4 * index) ?? 0) }
        var components: [Component] = []
        for index in 0..<count {
            let at = body + 36 + 3 * index
            guard let depth = bytes.byte(at: at), let dx = bytes.byte(at: at + 1),
                let dy = bytes.byte(at: at + 2)
            else { throw Self.endsInHeader(bytes) }
            components.append(
                Component(
                    precision: (depth & 0x7f) + 1, isSigned: depth & 0x80 != 0, horizontalStep: dx,
                    verticalStep: dy))
        }
        capabilities = bytes.bigEndian16(at: body) ?? 0
        (gridWidth, gridHeight, imageOffsetX, imageOffsetY) = (fields[0], fields[1], fields[2], fields[3])
        (tileWidth, tileHeight, tileOffsetX, tileOffsetY) = (fields[4], fields[5], fields[6], fields[7])
        self.components = components
        codingStyle = style
        allCodingStyles = [style]
        try checkGeometry()
    }

    /// The rules of A.5.1 and B.3 that every later computation relies on.
    private func checkGeometry() throws(DecodeError) {
        guard grid.hasPixels else {
            throw DecodeError(.damaged, "SIZ describes an image without pixels; fetch the frame again")
        }
        guard grid.tilesMeetImage else {
            throw DecodeError(.damaged, "SIZ describes tiles that miss the image; fetch the frame again")
        }
        for component in components {
            guard component.precision <= 38, component.horizontalStep > 0, component.verticalStep > 0 else {
                throw DecodeError(
                    .damaged,
                    "SIZ describes a component of \(component.precision) bits sampled every "
                        + "\(component.horizontalStep)x\(component.verticalStep) points; fetch the frame again"
                )
            }
            guard grid.hasSamples(everyX: component.horizontalStep, everyY: component.verticalStep)
            else {
                throw DecodeError(
                    .damaged, "SIZ describes a component without samples; fetch the frame again")
            }
        }
    }

    private static func endsInHeader(_ bytes: UnsafeRawBufferPointer) -> DecodeError {
        DecodeError(
            .truncated,
            "the codestream is cut off at byte \(bytes.count), inside its main header; fetch it again")
    }
}

/// Marker codes (table A.2).
enum Marker {
    static let startOfTilePart = 0xff90
    static let startOfData = 0xff93
    static let endOfCodestream = 0xffd9
    static let capabilities = 0xff50
    static let codingStyleDefault = 0xff52
    static let codingStyleComponent = 0xff53
    static let quantizationDefault = 0xff5c
    static let quantizationComponent = 0xff5d
}

/// One marker segment: the marker, its length, its parameters (A.1).
struct MarkerSegment {
    let code: Int
    /// Of the marker, from SOC.
    let offset: Int
    /// Of the first byte after the length.
    let body: Int
    /// One beyond the last byte.
    let end: Int

    init(in bytes: UnsafeRawBufferPointer, at offset: Int) throws(DecodeError) {
        guard let code = bytes.bigEndian16(at: offset) else { throw Self.cutOff(bytes) }
        guard code >= 0xff4f else {
            throw DecodeError(
                .damaged, "there is no marker at byte \(offset) of the codestream; fetch it again")
        }
        self.code = code
        self.offset = offset
        guard let length = bytes.bigEndian16(at: offset + 2) else { throw Self.cutOff(bytes) }
        guard length >= 2 else {
            throw DecodeError(
                .damaged, "the marker at byte \(offset) states a length of \(length); fetch again")
        }
        guard offset + 2 + length <= bytes.count else { throw Self.cutOff(bytes) }
        body = offset + 4
        end = offset + 2 + length
    }

    private static func cutOff(_ bytes: UnsafeRawBufferPointer) -> DecodeError {
        DecodeError(
            .truncated,
            "the codestream is cut off at byte \(bytes.count), inside a header; fetch the frame again")
    }
}
