/// The eight numbers of SIZ that lay image and tiles on the reference grid (ITU-T T.800, A.5.1 and B.2).
struct ReferenceGrid: Sendable, Hashable {
    /// Xsiz, Ysiz, XOsiz, YOsiz.
    var width: Int
    var height: Int
    var offsetX: Int
    var offsetY: Int
    /// XTsiz, YTsiz, XTOsiz, YTOsiz.
    var tileWidth: Int
    var tileHeight: Int
    var tileOffsetX: Int
    var tileOffsetY: Int

    var hasPixels: Bool { width > offsetX && height > offsetY }

    /// The first tile begins at or before the image, and reaches into it (B.3).
    var tilesMeetImage: Bool {
        tileWidth > 0 && tileHeight > 0 && tileOffsetX <= offsetX && tileOffsetY <= offsetY
            && tileOffsetX + tileWidth > offsetX && tileOffsetY + tileHeight > offsetY
    }

    /// Only where `tilesMeetImage`.
    var tileColumns: Int { (width - tileOffsetX).dividedRoundingUp(by: tileWidth) }
    var tileRows: Int { (height - tileOffsetY).dividedRoundingUp(by: tileHeight) }

    /// Whether a component with these steps has any sample; steps at least 1.
    func hasSamples(everyX stepX: Int, everyY stepY: Int) -> Bool {
        width.dividedRoundingUp(by: stepX) > offsetX.dividedRoundingUp(by: stepX)
            && height.dividedRoundingUp(by: stepY) > offsetY.dividedRoundingUp(by: stepY)
    }

    /// Columns and rows of the image with `reduction` highest resolutions left out.
    func size(reduction: Int) -> (width: Int, height: Int) {
        let scale = 1 << min(max(reduction, 0), 40)
        return (
            width.dividedRoundingUp(by: scale) - offsetX.dividedRoundingUp(by: scale),
            height.dividedRoundingUp(by: scale) - offsetY.dividedRoundingUp(by: scale)
        )
    }
}
