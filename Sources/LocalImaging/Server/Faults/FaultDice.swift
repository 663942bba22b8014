/// Numbers that depend on the seed, on what is asked for and on how often it was asked for, and on nothing else: not
/// on the order in which requests arrive, nor on the time. So a run can be repeated.
struct FaultDice {
    /// What a number is for. Numbers for different purposes are independent.
    enum Purpose: UInt64 {
        case kind = 1
        case place
        case retryAfter
        case latency
        case latencySecond
    }

    private let base: UInt64

    /// - Parameters:
    ///   - key: what is asked for: a frame's id.
    ///   - attempt: 1 for the first time.
    init(seed: UInt64, key: String, attempt: Int) {
        // FNV-1a: short keys, and the mixing after it does the rest.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        var generator = SplitMix64(mixing: [seed, hash, UInt64(attempt)])
        base = generator.next()
    }

    /// From 0 up to 1.
    func unit(_ purpose: Purpose) -> Double {
        var generator = SplitMix64(mixing: [base, purpose.rawValue])
        return Double(generator.next() >> 11) / Double(1 << 53)
    }

    /// From 0 up to `count`, which is not 0.
    func below(_ count: Int, _ purpose: Purpose) -> Int {
        min(Int(unit(purpose) * Double(count)), count - 1)
    }
}
