/// Axial slices of a head, T1-weighted: scalp, skull, grey and white matter, ventricles; coil shading and the
/// noise of a magnitude image. Values 0 to 4095.
struct MRPainter: FramePainter {
    private let setup: PaintingSetup
    private let noise: NoiseTile
    private let texture: NoiseTile

    init(setup: PaintingSetup) {
        self.setup = setup
        var generator = setup.generator()
        noise = NoiseTile(deviation: 17, smoothing: 0.4, using: &generator)
        texture = NoiseTile(amplitude: 90, cells: 16, octaves: 3, using: &generator)
    }

    func paint(frame index: Int, into pixels: UnsafeMutableRawBufferPointer) {
        let samples = pixels.assumingMemoryBound(to: UInt16.self)
        let ellipses = anatomy(at: setup.position(of: index))
        var generator = setup.generator(forFrame: index)
        let shift = generator.next()
        let width = setup.width
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: width) { line in
            guard let row = line.baseAddress, let output = samples.baseAddress else { return }
            for y in 0..<setup.height {
                row.update(repeating: 0, count: width)
                EllipseRow.draw(ellipses, row: y, width: width, height: setup.height, into: row)
                finish(row, y: y, shift: Int(shift & 0xffff), into: output + y * width)
            }
        }
    }

    private func finish(
        _ row: UnsafeMutablePointer<Int32>, y: Int, shift: Int, into output: UnsafeMutablePointer<UInt16>
    ) {
        let width = setup.width
        let noiseRow = ((y + shift) & NoiseTile.mask) * NoiseTile.side
        let textureRow = (y & NoiseTile.mask) * NoiseTile.side
        // Coil sensitivity falls off from the upper left, in 1/4096.
        let vertical = 4096 - Int32(900 * y / setup.height)
        noise.samples.withUnsafeBufferPointer { noise in
            texture.samples.withUnsafeBufferPointer { texture in
                for x in 0..<width {
                    let gain = vertical &- Int32(600 &* x / width)
                    var signal = row[x]
                    if signal > 200 { signal &+= Int32(texture[textureRow &+ (x & NoiseTile.mask)]) }
                    let shaded = (signal &* gain) >> 12
                    let noisy = shaded &+ Int32(noise[noiseRow &+ ((x &+ shift &* 3) & NoiseTile.mask)])
                    output[x] = UInt16(truncatingIfNeeded: min(4095, abs(noisy)))
                }
            }
        }
    }

    private func anatomy(at t: Float) -> [Ellipse] {
        // The head narrows towards the vertex; t = 0 is the skull base.
        let size = (1 - 0.75 * t * t).squareRoot()
        let wide = 0.36 * size
        let long = 0.44 * size
        var shapes = [
            Ellipse(centreX: 0.5, centreY: 0.5, radiusX: wide, radiusY: long, value: 2600),
            Ellipse(centreX: 0.5, centreY: 0.5, radiusX: wide * 0.94, radiusY: long * 0.95, value: 180),
            Ellipse(centreX: 0.5, centreY: 0.5, radiusX: wide * 0.89, radiusY: long * 0.9, value: 420),
            Ellipse(centreX: 0.5, centreY: 0.5, radiusX: wide * 0.86, radiusY: long * 0.87, value: 1150),
        ]
        // Folded cortex: white matter reaching out between the grey.
        for fold in 0..<22 {
            let turn = (Float(fold) - 10.5) / 5
            let scale = 1 / (1 + turn * turn)
            let across = 2 * turn * scale
            let along = (1 - turn * turn) * scale
            let wobble = 0.72 + 0.06 * (Float(fold) * 0.61 + t * 5).truncatingRemainder(dividingBy: 1)
            shapes.append(
                Ellipse(
                    centreX: 0.5 + across * wide * wobble, centreY: 0.5 + along * long * wobble,
                    radiusX: 0.05 * size, radiusY: 0.05 * size, value: 1620, slant: across))
        }
        shapes.append(
            Ellipse(centreX: 0.5, centreY: 0.5, radiusX: wide * 0.64, radiusY: long * 0.66, value: 1650))
        let ventricle = max(0, 1 - abs(t - 0.45) * 3.5)
        for side in [Float(-1), 1] {
            shapes.append(
                Ellipse(
                    centreX: 0.5 + side * 0.07, centreY: 0.52, radiusX: 0.06 * size, radiusY: 0.09 * size,
                    value: 1250))
            if ventricle > 0.05 {
                shapes.append(
                    Ellipse(
                        centreX: 0.5 + side * 0.035, centreY: 0.47, radiusX: 0.024 * ventricle,
                        radiusY: 0.13 * ventricle, value: 380, slant: side * 0.25))
            }
        }
        shapes.append(
            Ellipse(centreX: 0.5, centreY: 0.5, radiusX: 0.004, radiusY: long * 0.85, value: 450))
        return shapes
    }
}
