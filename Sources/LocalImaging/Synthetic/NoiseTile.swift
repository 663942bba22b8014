/// A square of integer noise that repeats without a seam. Made once; painting a pixel costs one load.
struct NoiseTile: Sendable {
    /// Samples a side; a power of two, so that a coordinate wraps with `mask`.
    static let side = 512
    static let mask = side - 1

    /// Row by row.
    let samples: [Int16]

    /// Sensor noise: normal, with each sample shared a little with its neighbours, as reconstruction filters do.
    ///
    /// `deviation` is the standard deviation; `smoothing` 0 (white) to 1 (3x3 blur).
    init(deviation: Float, smoothing: Float, using generator: inout SplitMix64) {
        let side = Self.side
        let white = (0..<side * side).map { _ in generator.nextNormal() }
        let near = smoothing / 4
        // A sum of independent values with weights w has the deviation sqrt(sum w^2).
        let norm = deviation / (1 + 4 * near * near).squareRoot()
        samples = (0..<side * side).map { index in
            let x = index & Self.mask
            let y = index / side
            let row = y * side
            let up = ((y + side - 1) & Self.mask) * side
            let down = ((y + 1) & Self.mask) * side
            let around =
                white[row + ((x + 1) & Self.mask)] + white[row + ((x + side - 1) & Self.mask)]
                + white[up + x] + white[down + x]
            return Int16(((white[index] + near * around) * norm).rounded())
        }
    }

    /// Tissue texture: octaves of smooth noise, the coarsest with `cells` cells a side, each finer one half as strong.
    ///
    /// `amplitude` is the greatest magnitude of the coarsest octave.
    init(amplitude: Float, cells: Int, octaves: Int, using generator: inout SplitMix64) {
        let side = Self.side
        var sum = [Float](repeating: 0, count: side * side)
        for octave in 0..<octaves {
            let count = cells << octave
            let strength = amplitude / Float(1 << octave)
            let lattice = (0..<count * count).map { _ in generator.nextFloat(in: -strength...strength) }
            Self.add(lattice, cells: count, to: &sum)
        }
        samples = sum.map { Int16($0.rounded()) }
    }

    /// Adds a periodic lattice of `cells` x `cells` values, interpolated with a smooth step.
    private static func add(_ lattice: [Float], cells: Int, to sum: inout [Float]) {
        let step = Float(cells) / Float(side)
        for y in 0..<side {
            let (top, fy) = position(y, step)
            let bottom = (top + 1) % cells
            for x in 0..<side {
                let (left, fx) = position(x, step)
                let right = (left + 1) % cells
                let upper = mix(lattice[top * cells + left], lattice[top * cells + right], fx)
                let lower = mix(lattice[bottom * cells + left], lattice[bottom * cells + right], fx)
                sum[y * side + x] += mix(upper, lower, fy)
            }
        }
    }

    private static func position(_ coordinate: Int, _ step: Float) -> (cell: Int, fraction: Float) {
        let scaled = Float(coordinate) * step
        let cell = scaled.rounded(.down)
        let fraction = scaled - cell
        return (Int(cell), fraction * fraction * (3 - 2 * fraction))
    }

    private static func mix(_ first: Float, _ second: Float, _ weight: Float) -> Float {
        first + (second - first) * weight
    }
}
