/// A `HealthImagingID` in 24 bytes instead of the 80 that a string of 32 characters takes: base-36 digits.
struct PackedID: Hashable {
    /// 12, 12 and 8 digits.
    private let high: UInt64
    private let middle: UInt64
    private let low: UInt64

    init(_ id: HealthImagingID) {
        var text = id.description
        self = text.withUTF8 { PackedID(checked: UnsafeRawBufferPointer($0)) }
    }

    /// Nil unless `bytes` are the 32 characters of an id.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 32,
            bytes.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) })
        else { return nil }
        self.init(checked: bytes)
    }

    private init(checked bytes: UnsafeRawBufferPointer) {
        high = Self.number(bytes[0..<12])
        middle = Self.number(bytes[12..<24])
        low = Self.number(bytes[24..<32])
    }

    private static func number(_ digits: Slice<UnsafeRawBufferPointer>) -> UInt64 {
        digits.reduce(0) { $0 * 36 + UInt64($1 < 0x3a ? $1 - 0x30 : $1 - 0x61 + 10) }
    }
}
