/// Axial slices of both breasts of a person lying prone, T1-weighted with fat bright: skin, fat, glandular tissue,
/// chest wall, heart and lungs; coil shading and the noise of a magnitude image. Values 0 to 4095.
struct BreastPainter: FramePainter {
    private let setup: PaintingSetup
    private let noise: NoiseTile
    private let texture: NoiseTile

    init(setup: PaintingSetup) {
        self.setup = setup
        var generator = setup.generator()
        noise = NoiseTile(deviation: 21, smoothing: 0.5, using: &generator)
        texture = NoiseTile(amplitude: 130, cells: 12, octaves: 3, using: &generator)
    }

    func paint(frame index: Int, into pixels: UnsafeMutableRawBufferPointer) {
        let samples = pixels.assumingMemoryBound(to: UInt16.self)
        let ellipses = anatomy(at: setup.position(of: index))
        var generator = setup.generator(forFrame: index)
        let shift = Int(generator.next() & 0xffff)
        let width = setup.width
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: width) { line in
            guard let row = line.baseAddress, let output = samples.baseAddress else { return }
            for y in 0..<setup.height {
                row.update(repeating: 0, count: width)
                EllipseRow.draw(ellipses, row: y, width: width, height: setup.height, into: row)
                finish(row, y: y, shift: shift, into: output + y * width)
            }
        }
    }

    private func finish(
        _ row: UnsafeMutablePointer<Int32>, y: Int, shift: Int, into output: UnsafeMutablePointer<UInt16>
    ) {
        let noiseRow = ((y + shift) & NoiseTile.mask) * NoiseTile.side
        let textureRow = (y & NoiseTile.mask) * NoiseTile.side
        // The coil lies below the breasts, at the top of the image; its signal falls off with depth, in 1/4096.
        let gain = 4096 - Int32(2600 * y / setup.height)
        for x in 0..<setup.width {
            var signal = row[x]
            if signal > 150 { signal &+= Int32(texture.samples[textureRow + (x & NoiseTile.mask)]) }
            let noisy =
                ((signal &* gain) >> 12)
                &+ Int32(noise.samples[noiseRow + ((x + shift * 3) & NoiseTile.mask)])
            output[x] = UInt16(truncatingIfNeeded: min(4095, abs(noisy)))
        }
    }

    private func anatomy(at t: Float) -> [Ellipse] {
        // Largest in the middle of the stack.
        let centred = 2 * t - 1
        let size = (1 - 0.8 * centred * centred).squareRoot()
        var shapes = [
            Ellipse(centreX: 0.5, centreY: 0.8, radiusX: 0.46, radiusY: 0.27, value: 2300),
            Ellipse(centreX: 0.5, centreY: 0.81, radiusX: 0.43, radiusY: 0.235, value: 1050),
        ]
        for side in [Float(-1), 1] {
            let x = 0.5 + side * 0.22
            shapes += [
                Ellipse(centreX: x, centreY: 0.44, radiusX: 0.18 * size, radiusY: 0.26 * size, value: 1500),
                Ellipse(centreX: x, centreY: 0.44, radiusX: 0.172 * size, radiusY: 0.25 * size, value: 2700),
            ]
            // Glandular tissue, fanning out from the nipple.
            for lobe in 0..<9 {
                let step = Float(lobe) - 4
                let depth = (Float(lobe) * 0.41 + t * 2).truncatingRemainder(dividingBy: 1)
                shapes.append(
                    Ellipse(
                        centreX: x + step * 0.022 * size, centreY: 0.33 + 0.16 * depth * size,
                        radiusX: 0.018 * size, radiusY: 0.075 * size, value: 1150, slant: step * 0.12))
            }
            shapes.append(
                Ellipse(
                    centreX: 0.5 + side * 0.2, centreY: 0.86, radiusX: 0.14, radiusY: 0.13, value: 120))
        }
        shapes.append(
            Ellipse(centreX: 0.54, centreY: 0.8, radiusX: 0.1 * size, radiusY: 0.1 * size, value: 1700))
        return shapes
    }
}
