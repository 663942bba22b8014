/// Big-endian reads that answer nil instead of leaving the buffer. Offsets may be any number.
extension UnsafeRawBufferPointer {
    func byte(at offset: Int) -> Int? {
        guard offset >= 0, offset < count else { return nil }
        return Int(self[offset])
    }

    func bigEndian16(at offset: Int) -> Int? {
        guard offset >= 0, count >= 2, offset <= count - 2 else { return nil }
        return Int(UInt16(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
    }

    func bigEndian32(at offset: Int) -> Int? {
        guard offset >= 0, count >= 4, offset <= count - 4 else { return nil }
        return Int(UInt32(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    }

    func bigEndian64(at offset: Int) -> UInt64? {
        guard offset >= 0, count >= 8, offset <= count - 8 else { return nil }
        return UInt64(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}

/// Arithmetic for sizes that hostile headers state.
extension Int {
    /// `self / divisor`, rounded up; both non-negative, `divisor` at least 1.
    func dividedRoundingUp(by divisor: Int) -> Int {
        self / divisor + (self % divisor == 0 ? 0 : 1)
    }

    /// The product, or `Int.max` where it does not fit.
    func saturatingTimes(_ other: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }

    /// The sum, or `Int.max` where it does not fit.
    func saturatingPlus(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
