import Foundation

/// Reads a fault specification from left to right. Positions count from 1, in bytes.
struct SpecScanner {
    private let bytes: [UInt8]
    private(set) var index = 0

    private static let quotedLength = 24

    init(_ text: String) { bytes = Array(text.utf8) }

    var isAtEnd: Bool { index == bytes.count }

    /// The complaint about what stands at `place`, or where the scanner is.
    func failure(at place: Int? = nil, expected: String) -> FaultSpecError {
        let start = place ?? index
        let found = bytes[start...].prefix { $0 != UInt8(ascii: ",") }.prefix(Self.quotedLength)
        return FaultSpecError(
            position: start + 1, found: String(decoding: found, as: UTF8.self), expected: expected)
    }

    /// Whether `text` stood here; then it is passed.
    mutating func take(_ text: String) -> Bool {
        guard bytes[index...].starts(with: text.utf8) else { return false }
        index += text.utf8.count
        return true
    }

    mutating func expect(_ text: String, _ expected: String) throws(FaultSpecError) {
        guard take(text) else { throw failure(expected: expected) }
    }

    /// Small letters and digits; empty where there are none.
    mutating func word() -> String {
        let start = index
        while index < bytes.count, Self.isDigit(bytes[index]) || Self.isLetter(bytes[index]) { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    /// A decimal number without sign and exponent.
    mutating func number(_ expected: String) throws(FaultSpecError) -> Double {
        let start = index
        while index < bytes.count, Self.isDigit(bytes[index]) || bytes[index] == UInt8(ascii: ".") {
            index += 1
        }
        guard start < index, let value = Double(String(decoding: bytes[start..<index], as: UTF8.self)) else {
            index = start
            throw failure(expected: expected)
        }
        return value
    }

    /// A whole number in `range`.
    mutating func integer<Value: FixedWidthInteger>(
        _ range: ClosedRange<Value>, _ expected: String
    ) throws(FaultSpecError) -> Value {
        let start = index
        while index < bytes.count, Self.isDigit(bytes[index]) { index += 1 }
        guard let value = Value(String(decoding: bytes[start..<index], as: UTF8.self)), range.contains(value)
        else {
            index = start
            throw failure(expected: expected)
        }
        return value
    }

    /// `0.05` or `5%`.
    mutating func rate() throws(FaultSpecError) -> Double {
        let expected = "a rate from 0 to 1, such as 0.05, or 5%"
        let start = index
        var value = try number(expected)
        if take("%") { value /= 100 }
        guard value <= 1 else { throw failure(at: start, expected: expected) }
        return value
    }

    /// `40ms` or `1.5s`, in seconds.
    mutating func seconds() throws(FaultSpecError) -> Double {
        let expected = "a time, such as 40ms or 1.5s, 10 minutes at most"
        let start = index
        var value = try number(expected)
        if take("ms") {
            value /= 1000
        } else if !take("s") {
            throw failure(at: start, expected: expected)
        }
        guard value <= 600 else { throw failure(at: start, expected: expected) }
        return value
    }

    /// `2s`, `1-3s` or `20ms-1s`, in seconds.
    mutating func secondsRange() throws(FaultSpecError) -> ClosedRange<Double> {
        let start = index
        // `1-3s`: the unit of the first is that of the second.
        var probe = self
        if let low = try? probe.number(""), probe.take("-"), let high = try? probe.seconds() {
            let scale = probe.bytes[probe.index - 2] == UInt8(ascii: "m") ? 0.001 : 1
            guard low * scale <= high else {
                throw failure(at: start, expected: "a range that goes up, such as 1-3s")
            }
            self = probe
            return low * scale...high
        }
        let low = try seconds()
        guard take("-") else { return low...low }
        let high = try seconds()
        guard low <= high else { throw failure(at: start, expected: "a range that goes up, such as 1-3s") }
        return low...high
    }

    /// `500B/s`, `20KB/s`, `1MB/s`: bytes in a second.
    mutating func bytesPerSecond() throws(FaultSpecError) -> Int {
        let expected = "bytes in a second, such as 500B/s, 20KB/s or 1MB/s"
        let start = index
        let value = try number(expected)
        let factors: [(String, Double)] = [("B/s", 1), ("KB/s", 1e3), ("MB/s", 1e6)]
        guard let factor = factors.first(where: { take($0.0) })?.1, (1...1e9).contains(value * factor) else {
            throw failure(at: start, expected: expected)
        }
        return Int(value * factor)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte) }
}
