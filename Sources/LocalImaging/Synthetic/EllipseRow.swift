/// An ellipse of one value. Coordinates are fractions of the image's width and height, so that a phantom fits
/// every size.
struct Ellipse: Sendable {
    let centreX: Float
    let centreY: Float
    let radiusX: Float
    let radiusY: Float
    let value: Int32
    /// Columns moved for each row below the centre: slants the ellipse.
    var slant: Float = 0
}

/// Draws ellipses into one row of an image: spans only, with covered fractions at both ends.
enum EllipseRow {
    static func draw(
        _ ellipses: [Ellipse], row: Int, width: Int, height: Int, into line: UnsafeMutablePointer<Int32>
    ) {
        let y = (Float(row) + 0.5) / Float(height)
        for ellipse in ellipses {
            let dy = (y - ellipse.centreY) / ellipse.radiusY
            let remaining = 1 - dy * dy
            guard remaining > 0 else { continue }
            let half = ellipse.radiusX * remaining.squareRoot()
            let centre = ellipse.centreX + ellipse.slant * (y - ellipse.centreY)
            fill(
                from: (centre - half) * Float(width), to: (centre + half) * Float(width),
                value: ellipse.value, width: width, into: line)
        }
    }

    private static func fill(
        from start: Float, to end: Float, value: Int32, width: Int, into line: UnsafeMutablePointer<Int32>
    ) {
        let from = max(start, 0)
        let to = min(end, Float(width))
        guard from < to else { return }
        let first = Int(from)
        let last = min(Int(to), width - 1)
        guard first < last else {
            if first < width { blend(value, to - from, into: &line[first]) }
            return
        }
        blend(value, Float(first + 1) - from, into: &line[first])
        if first + 1 < last {
            (line + first + 1).update(repeating: value, count: last - first - 1)
        }
        blend(value, to - Float(last), into: &line[last])
    }

    private static func blend(_ value: Int32, _ coverage: Float, into sample: inout Int32) {
        sample += Int32(Float(value - sample) * max(0, min(1, coverage)))
    }
}
