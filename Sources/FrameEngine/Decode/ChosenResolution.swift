/// The resolution of one image that a `ResolutionChoice` comes to.
struct ChosenResolution: Sendable, Hashable {
    /// Highest resolutions to leave out.
    let reduction: Int
    /// Whether the image has no resolution as low as the one asked for, so that this is its lowest.
    let fallsShort: Bool

    /// - Parameters:
    ///   - header: has passed `DecodeLimits.judgeClaims(of:)`.
    ///   - parts: may tell of coding styles that the main header does not have.
    /// - Throws: `unsupported` where the image has fewer levels and the choice does not put up with that.
    init(
        of choice: ResolutionChoice, header: CodestreamHeader, parts: TilePartIndex
    ) throws(DecodeError) {
        let most = Self.mostReduction(header: header, parts: parts)
        guard choice.reduction >= 0, choice.reduction <= most || choice.onShortage == .takeLowest else {
            throw DecodeError(
                .unsupported,
                "the image of \(header.width) x \(header.height) has \(most + 1) resolutions, so that at most \(most) "
                    + "can be left out, and \(choice.reduction) are asked for")
        }
        var chosen = min(choice.reduction, most)
        if let box = choice.maximumSize {
            while chosen < most, !Self.fits(header.layout(reduction: chosen), box) { chosen += 1 }
            fallsShort =
                chosen < choice.reduction || !Self.fits(header.layout(reduction: chosen), box)
        } else {
            fallsShort = chosen < choice.reduction
        }
        reduction = chosen
    }

    /// The most levels that every tile-component can leave out, and that leave a pixel: an image that lies off the
    /// origin of the reference grid can shrink to nothing.
    private static func mostReduction(header: CodestreamHeader, parts: TilePartIndex) -> Int {
        var most = (header.allCodingStyles + parts.codingStyles).map(\.decompositions).min() ?? 0
        while most > 0, header.layout(reduction: most).byteCount == 0 { most -= 1 }
        return most
    }

    private static func fits(_ layout: PixelLayout, _ box: ResolutionChoice.Size) -> Bool {
        layout.width <= box.width && layout.height <= box.height
    }
}
