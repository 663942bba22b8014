/// A breast against the edge of the detector: skin line, fat, fibroglandular texture, calcifications, quantum noise;
/// nothing around it. Values 0 to 16383.
struct MammographyPainter: FramePainter {
    private let setup: PaintingSetup
    private let noise: NoiseTile
    private let coarse: NoiseTile
    private let fine: NoiseTile

    init(setup: PaintingSetup) {
        self.setup = setup
        var generator = setup.generator()
        noise = NoiseTile(deviation: 24, smoothing: 0.5, using: &generator)
        coarse = NoiseTile(amplitude: 1500, cells: 4, octaves: 5, using: &generator)
        fine = NoiseTile(amplitude: 160, cells: 32, octaves: 3, using: &generator)
    }

    func paint(frame index: Int, into pixels: UnsafeMutableRawBufferPointer) {
        let samples = pixels.assumingMemoryBound(to: UInt16.self)
        guard let output = samples.baseAddress else { return }
        var generator = setup.generator(forFrame: index)
        let shiftX = Int(generator.next() & 0xffff)
        let shiftY = Int(generator.next() & 0xffff)
        let reach = generator.nextFloat(in: 0.62...0.82)
        let spots = (0..<12).map { _ in
            let x = generator.nextFloat(in: 0.1...0.5)
            let y = generator.nextFloat(in: 0.3...0.7)
            return Ellipse(centreX: x, centreY: y, radiusX: 0.0012, radiusY: 0.001, value: 2600)
        }
        let width = setup.width
        // Left and right breasts by turns.
        let isMirrored = index % 2 == 1
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: width) { line in
            guard let row = line.baseAddress else { return }
            for y in 0..<setup.height {
                row.update(repeating: 0, count: width)
                EllipseRow.draw(spots, row: y, width: width, height: setup.height, into: row)
                paintRow(y, spots: row, reach: reach, shiftX: shiftX, shiftY: shiftY)
                let target = output + y * width
                for x in 0..<width {
                    target[x] = UInt16(truncatingIfNeeded: row[isMirrored ? width - 1 - x : x])
                }
            }
        }
    }

    private func paintRow(
        _ y: Int, spots row: UnsafeMutablePointer<Int32>, reach: Float, shiftX: Int, shiftY: Int
    ) {
        let width = setup.width
        let dy = ((Float(y) + 0.5) / Float(setup.height) - 0.5) / 0.44
        let inverse = 1 / (reach * Float(width))
        let noiseRow = ((y + shiftY) & NoiseTile.mask) * NoiseTile.side
        let fineRow = ((y + shiftX) & NoiseTile.mask) * NoiseTile.side
        // One repetition of the coarse texture spans the breast.
        let coarseRow = ((y * NoiseTile.side / setup.height + shiftY) & NoiseTile.mask) * NoiseTile.side
        let coarseStep = NoiseTile.side * 65536 / max(width, 1)
        noise.samples.withUnsafeBufferPointer { noise in
            coarse.samples.withUnsafeBufferPointer { coarse in
                fine.samples.withUnsafeBufferPointer { fine in
                    for x in 0..<width {
                        let dx = (Float(x) + 0.5) * inverse
                        let distance = dx * dx + dy * dy
                        guard distance < 1 else {
                            row[x] = 0
                            continue
                        }
                        // Compressed tissue is even in the middle and thins out towards the skin.
                        let thickness = 1 - distance * distance * distance
                        let shaped =
                            7600
                            + Int32(
                                coarse[coarseRow &+ (((x &* coarseStep) >> 16 &+ shiftX) & NoiseTile.mask)])
                            + Int32(fine[fineRow &+ ((x &+ shiftY) & NoiseTile.mask)])
                        let value =
                            Int32(Float(shaped &+ row[x]) * thickness)
                            &+ Int32(noise[noiseRow &+ ((x &+ shiftX) & NoiseTile.mask)])
                        row[x] = max(1, min(16_383, value))
                    }
                }
            }
        }
    }
}
