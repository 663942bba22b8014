/// A cine loop of a sector scanner: speckle in a fan, a beating chamber, and a colour Doppler box. RGB, 8-bit.
struct UltrasoundPainter: FramePainter {
    private let setup: PaintingSetup
    /// Speckle by depth and angle, 0...255, `NoiseTile.side` squared.
    private let speckle: [UInt8]
    /// For each pixel its place in `speckle`, or `outside`.
    private let polar: [UInt32]
    /// Mean echo by depth, in 1/256.
    private let echo: [UInt16]

    private static let outside = UInt32.max

    init(setup: PaintingSetup) {
        self.setup = setup
        var generator = setup.generator()
        let first = NoiseTile(deviation: 60, smoothing: 1, using: &generator)
        let second = NoiseTile(deviation: 60, smoothing: 1, using: &generator)
        // The magnitude of a complex normal value: Rayleigh, as fully developed speckle is.
        speckle = zip(first.samples, second.samples).map { real, imaginary in
            let power = Float(real) * Float(real) + Float(imaginary) * Float(imaginary)
            return UInt8(min(255, power.squareRoot()))
        }
        let layers = NoiseTile(amplitude: 70, cells: 8, octaves: 4, using: &generator)
        echo = (0..<NoiseTile.side).map { depth in
            UInt16(max(20, 190 - depth / 4 + Int(layers.samples[depth * NoiseTile.side])))
        }
        polar = Self.polarMap(width: setup.width, height: setup.height)
    }

    /// Depth and angle of each pixel, seen from an apex above the image. The tangent serves as the angle.
    private static func polarMap(width: Int, height: Int) -> [UInt32] {
        let apexY = -0.06 * Float(height)
        let deepest = 1.0 * Float(height)
        return [UInt32](unsafeUninitializedCapacity: width * height) { map, count in
            for y in 0..<height {
                for x in 0..<width {
                    let dx = Float(x) + 0.5 - Float(width) / 2
                    let dy = Float(y) + 0.5 - apexY
                    let depth = (dx * dx + dy * dy).squareRoot()
                    let tangent = dx / dy
                    let isInside = abs(tangent) < 0.85 && depth > 0.1 * Float(height) && depth < deepest
                    var place = outside
                    if isInside {
                        let ring = UInt32(depth / deepest * Float(NoiseTile.side - 1))
                        let beam = UInt32((tangent / 0.85 + 1) / 2 * Float(NoiseTile.side - 1))
                        place = ring * UInt32(NoiseTile.side) + beam
                    }
                    map[y * width + x] = place
                }
            }
            count = width * height
        }
    }

    func paint(frame index: Int, into pixels: UnsafeMutableRawBufferPointer) {
        let samples = pixels.assumingMemoryBound(to: UInt8.self)
        // A heart beat lasts 30 frames; a triangle wave, 0...1.
        let beat = Float(abs(index % 30 - 15)) / 15
        let drift = index &* 37
        let width = setup.width
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2 * width) { lines in
            guard let tissue = lines.baseAddress, let output = samples.baseAddress else { return }
            let flow = tissue + width
            for y in 0..<setup.height {
                tissue.update(repeating: 256, count: width)
                flow.update(repeating: 0, count: width)
                EllipseRow.draw(chamber(beat), row: y, width: width, height: setup.height, into: tissue)
                EllipseRow.draw(jet(beat), row: y, width: width, height: setup.height, into: flow)
                paintRow(y, tissue: tissue, flow: flow, drift: drift, into: output + y * width * 3)
            }
        }
    }

    private func paintRow(
        _ y: Int, tissue: UnsafeMutablePointer<Int32>, flow: UnsafeMutablePointer<Int32>, drift: Int,
        into output: UnsafeMutablePointer<UInt8>
    ) {
        let width = setup.width
        polar.withUnsafeBufferPointer { polar in
            speckle.withUnsafeBufferPointer { speckle in
                echo.withUnsafeBufferPointer { echo in
                    for x in 0..<width {
                        let place = polar[y &* width &+ x]
                        var grey: Int32 = 0
                        var colour: Int32 = 0
                        if place != Self.outside {
                            let index = Int(place)
                            let moved = (index &+ drift) & (NoiseTile.side * NoiseTile.side - 1)
                            let strength = Int32(echo[index / NoiseTile.side]) &* tissue[x]
                            grey = min(255, (Int32(speckle[moved]) &* (strength >> 8)) >> 7)
                            colour = flow[x]
                        } else if x < 8 && y % 32 == 0 {
                            grey = 200  // the depth scale at the left edge
                        }
                        let pixel = output + 3 * x
                        pixel[0] = UInt8(truncatingIfNeeded: colour > 0 ? min(255, colour &+ grey / 4) : grey)
                        pixel[1] = UInt8(truncatingIfNeeded: colour != 0 ? grey / 4 : grey)
                        pixel[2] = UInt8(truncatingIfNeeded: colour < 0 ? min(255, grey / 4 &- colour) : grey)
                    }
                }
            }
        }
    }

    /// Blood gives little echo: values are factors in 1/256.
    private func chamber(_ beat: Float) -> [Ellipse] {
        let size = 0.75 + 0.25 * beat
        return [
            Ellipse(centreX: 0.46, centreY: 0.5, radiusX: 0.15 * size, radiusY: 0.2 * size, value: 330),
            Ellipse(
                centreX: 0.46, centreY: 0.5, radiusX: 0.13 * size, radiusY: 0.18 * size, value: 24, slant: 0.1
            ),
            Ellipse(centreX: 0.6, centreY: 0.66, radiusX: 0.07, radiusY: 0.09 * size, value: 30),
        ]
    }

    /// Doppler velocities: positive towards the probe (red), negative away from it (blue).
    private func jet(_ beat: Float) -> [Ellipse] {
        let speed = Int32(60 + 180 * beat)
        return [
            Ellipse(
                centreX: 0.47, centreY: 0.46, radiusX: 0.05, radiusY: 0.11 * (0.5 + beat / 2), value: speed,
                slant: 0.2),
            Ellipse(centreX: 0.59, centreY: 0.65, radiusX: 0.035, radiusY: 0.05, value: -speed),
        ]
    }
}
