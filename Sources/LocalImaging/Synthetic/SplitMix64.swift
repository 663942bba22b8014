/// A small deterministic generator (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// A generator whose sequence depends on every word.
    init(mixing words: [UInt64]) {
        state = 0x6869_2d66_6574_6368
        for word in words { state = next() ^ word }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// Near-normal, mean 0 and standard deviation 1: the sum of twelve uniform values. No transcendental function,
    /// so that every machine makes the same numbers.
    mutating func nextNormal() -> Float {
        var sum: Float = -6
        for _ in 0..<3 {
            let word = next()
            for shift in stride(from: UInt64(0), to: 64, by: 16) {
                sum += Float((word >> shift) & 0xffff) / 65536
            }
        }
        return sum
    }

    /// Uniform in the range.
    mutating func nextFloat(in range: ClosedRange<Float>) -> Float {
        let unit = Float(next() >> 40) / Float(1 << 24)
        return range.lowerBound + (range.upperBound - range.lowerBound) * unit
    }
}
