/// Identifiers made of random numbers.
extension SplitMix64 {
    /// The 128 bits of a version 4 UUID (RFC 9562, 5.4).
    mutating func nextUUID() -> UInt128 {
        let high = next() & ~0xf000 | 0x4000
        let low = next() & ~(3 << 62) | (2 << 62)
        return UInt128(high) << 64 | UInt128(low)
    }

    /// A UID below 2.25 (PS3.5, B.2).
    mutating func nextUID() -> String { "2.25." + String(nextUUID()) }

    /// A UUID as text, `8-4-4-4-12` lower-case hexadecimal digits.
    mutating func nextUUIDText() -> String {
        let digits = Array(Self.hexadecimal(nextUUID()))
        let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
        return groups.map { String(digits[$0]) }.joined(separator: "-")
    }

    /// 32 hexadecimal digits.
    static func hexadecimal(_ value: UInt128) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }
}
