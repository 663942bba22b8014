/// Axial slices from the lung apex to the pelvis, in Hounsfield units: body, lungs, heart, liver, kidneys, spine,
/// ribs, table; tissue texture and reconstruction noise.
struct CTPainter: FramePainter {
    private let setup: PaintingSetup
    private let noise: NoiseTile
    private let texture: NoiseTile
    /// Size differences of this patient, around 1.
    private let build: Float

    /// Outside of the scanner's field of view.
    private static let padding: Int32 = -1024
    private static let air: Int32 = -1000

    init(setup: PaintingSetup) {
        self.setup = setup
        var generator = setup.generator()
        noise = NoiseTile(deviation: 11, smoothing: 0.7, using: &generator)
        texture = NoiseTile(amplitude: 14, cells: 8, octaves: 3, using: &generator)
        build = generator.nextFloat(in: 0.93...1.05)
    }

    func paint(frame index: Int, into pixels: UnsafeMutableRawBufferPointer) {
        let samples = pixels.assumingMemoryBound(to: Int16.self)
        let ellipses = anatomy(at: setup.position(of: index))
        var generator = setup.generator(forFrame: index)
        let shift = generator.next()
        let shiftX = Int(shift & 0xffff)
        let shiftY = Int((shift >> 16) & 0xffff)
        let width = setup.width
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: width) { line in
            guard let row = line.baseAddress, let output = samples.baseAddress else { return }
            for y in 0..<setup.height {
                row.update(repeating: Self.air, count: width)
                EllipseRow.draw(ellipses, row: y, width: width, height: setup.height, into: row)
                finish(row, y: y, shiftX: shiftX, shiftY: shiftY, into: output + y * width)
            }
        }
    }

    /// Blurs a little along the row, adds texture and noise, and cuts the round field of view.
    private func finish(
        _ row: UnsafeMutablePointer<Int32>, y: Int, shiftX: Int, shiftY: Int,
        into output: UnsafeMutablePointer<Int16>
    ) {
        let width = setup.width
        let dy = (Float(y) + 0.5) / Float(setup.height) * 2 - 1
        let half = max(0, 1 - dy * dy).squareRoot() * Float(width) / 2
        let first = max(0, Int(Float(width) / 2 - half))
        let last = min(width, Int(Float(width) / 2 + half))
        let noiseRow = ((y + shiftY) & NoiseTile.mask) * NoiseTile.side
        let textureRow = (y & NoiseTile.mask) * NoiseTile.side
        for x in 0..<first { output[x] = Int16(Self.padding) }
        noise.samples.withUnsafeBufferPointer { noise in
            texture.samples.withUnsafeBufferPointer { texture in
                for x in first..<max(first, last) {
                    let left = row[max(x - 1, 0)]
                    let right = row[min(x + 1, width - 1)]
                    let blurred = (left &+ 2 &* row[x] &+ right) >> 2
                    let tissue = Int32(texture[textureRow &+ ((x &+ shiftX >> 6) & NoiseTile.mask)])
                    let value =
                        blurred &+ (blurred > -300 ? tissue : 0)
                        &+ Int32(noise[noiseRow &+ ((x &+ shiftX) & NoiseTile.mask)])
                    output[x] = Int16(truncatingIfNeeded: max(Self.padding, min(3071, value)))
                }
            }
        }
        for x in max(first, last)..<width { output[x] = Int16(Self.padding) }
    }

    /// How much of an organ is in the slice at `t`: 0 outside of `range`, 1 in its middle.
    private func extent(_ t: Float, _ range: ClosedRange<Float>) -> Float {
        guard range.contains(t) else { return 0 }
        let centred = 2 * (t - range.lowerBound) / (range.upperBound - range.lowerBound) - 1
        return (1 - centred * centred).squareRoot()
    }

    private func anatomy(at t: Float) -> [Ellipse] {
        let wide = build * (0.34 + 0.06 * extent(t, -0.1...1.2))
        let deep = build * (0.23 + 0.05 * extent(t, -0.1...1.2))
        var shapes = [
            Ellipse(centreX: 0.5, centreY: 0.8, radiusX: 0.3, radiusY: 0.065, value: -150),
            Ellipse(centreX: 0.5, centreY: 0.788, radiusX: 0.292, radiusY: 0.06, value: Self.air),
            Ellipse(centreX: 0.5, centreY: 0.5, radiusX: wide, radiusY: deep, value: -100),
            Ellipse(centreX: 0.5, centreY: 0.5, radiusX: wide - 0.03, radiusY: deep - 0.028, value: 45),
        ]
        appendRibs(at: t, wide: wide - 0.035, deep: deep - 0.033, to: &shapes)
        appendChest(at: t, to: &shapes)
        appendAbdomen(at: t, to: &shapes)
        appendSpine(at: t, to: &shapes)
        return shapes
    }

    private func appendChest(at t: Float, to shapes: inout [Ellipse]) {
        let lung = extent(t, -0.05...0.5)
        if lung > 0.05 {
            for side in [Float(-1), 1] {
                shapes.append(
                    Ellipse(
                        centreX: 0.5 + side * 0.17, centreY: 0.49, radiusX: 0.13 * lung, radiusY: 0.19 * lung,
                        value: -850, slant: side * 0.15))
                for vessel in 0..<7 {
                    let step = Float(vessel)
                    shapes.append(
                        Ellipse(
                            centreX: 0.5 + side * (0.1 + 0.02 * step), centreY: 0.4 + 0.028 * step + 0.03 * t,
                            radiusX: 0.007 * lung, radiusY: 0.009 * lung, value: 30))
                }
            }
        }
        let heart = extent(t, 0.12...0.46)
        if heart > 0.05 {
            shapes.append(
                Ellipse(
                    centreX: 0.54, centreY: 0.43, radiusX: 0.12 * heart, radiusY: 0.1 * heart, value: 60,
                    slant: 0.3))
            shapes.append(
                Ellipse(
                    centreX: 0.57, centreY: 0.44, radiusX: 0.05 * heart, radiusY: 0.05 * heart, value: 160))
        }
    }

    private func appendAbdomen(at t: Float, to shapes: inout [Ellipse]) {
        let liver = extent(t, 0.36...0.74)
        if liver > 0.05 {
            shapes.append(
                Ellipse(
                    centreX: 0.36, centreY: 0.46, radiusX: 0.17 * liver, radiusY: 0.14 * liver, value: 105,
                    slant: -0.2))
            shapes.append(
                Ellipse(centreX: 0.4, centreY: 0.5, radiusX: 0.02, radiusY: 0.012, value: 150, slant: 0.5))
        }
        let stomach = extent(t, 0.4...0.66)
        if stomach > 0.05 {
            shapes.append(
                Ellipse(
                    centreX: 0.62, centreY: 0.42, radiusX: 0.09 * stomach, radiusY: 0.08 * stomach, value: 15)
            )
            shapes.append(
                Ellipse(
                    centreX: 0.63, centreY: 0.38, radiusX: 0.05 * stomach, radiusY: 0.025 * stomach,
                    value: -900))
        }
        let kidney = extent(t, 0.55...0.85)
        if kidney > 0.05 {
            for side in [Float(-1), 1] {
                shapes.append(
                    Ellipse(
                        centreX: 0.5 + side * 0.15, centreY: 0.56, radiusX: 0.045 * kidney,
                        radiusY: 0.06 * kidney, value: 180, slant: side * -0.3))
            }
        }
        let bowel = extent(t, 0.7...1.2)
        if bowel > 0.05 {
            for loop in 0..<9 {
                let step = Float(loop)
                let shifted = (step * 0.37 + t * 3).truncatingRemainder(dividingBy: 1)
                shapes.append(
                    Ellipse(
                        centreX: 0.3 + 0.05 * step, centreY: 0.36 + 0.12 * shifted, radiusX: 0.028,
                        radiusY: 0.024, value: loop % 3 == 0 ? -700 : 30))
            }
        }
    }

    private func appendSpine(at t: Float, to shapes: inout [Ellipse]) {
        // A vertebra and the disc below it, again and again.
        let phase = (t * 17).truncatingRemainder(dividingBy: 1)
        let bone: Int32 = phase < 0.75 ? 320 : 90
        shapes += [
            Ellipse(centreX: 0.5, centreY: 0.62, radiusX: 0.052, radiusY: 0.044, value: bone + 330),
            Ellipse(centreX: 0.5, centreY: 0.62, radiusX: 0.044, radiusY: 0.037, value: bone),
            Ellipse(centreX: 0.5, centreY: 0.69, radiusX: 0.032, radiusY: 0.03, value: 520),
            Ellipse(centreX: 0.5, centreY: 0.685, radiusX: 0.02, radiusY: 0.018, value: 25),
            Ellipse(centreX: 0.46, centreY: 0.6, radiusX: 0.022, radiusY: 0.022, value: 190),
        ]
    }

    private func appendRibs(at t: Float, wide: Float, deep: Float, to shapes: inout [Ellipse]) {
        guard t < 0.62 else { return }
        // Directions around the body with rational coordinates: no sine needed.
        for rib in 0..<12 {
            let turn = ((Float(rib) + t * 9).truncatingRemainder(dividingBy: 12) - 6) / 3
            let scale = 1 / (1 + turn * turn)
            let across = 2 * turn * scale
            let along = (1 - turn * turn) * scale
            shapes.append(
                Ellipse(
                    centreX: 0.5 + across * wide, centreY: 0.5 + along * deep, radiusX: 0.02, radiusY: 0.011,
                    value: 600, slant: across * along))
        }
    }
}
