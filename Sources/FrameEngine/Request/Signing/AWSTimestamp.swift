import Foundation

/// The times of SigV4: UTC, to the second. Computed with integers, because formatters are far too slow per request.
public struct AWSTimestamp: Hashable, Sendable {
    /// Seconds since 1970-01-01 00:00:00 UTC.
    public let epochSeconds: Int

    public init(epochSeconds: Int) { self.epochSeconds = epochSeconds }

    public init(_ date: Date) {
        epochSeconds = Int(date.timeIntervalSince1970.rounded(.down))
    }

    /// Reads `20260131T235959Z`, the form of `x-amz-date`; nil for anything else.
    public init?(parsing text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z"),
            let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[4..<6]),
            let day = Self.number(bytes[6..<8]), let hour = Self.number(bytes[9..<11]),
            let minute = Self.number(bytes[11..<13]), let second = Self.number(bytes[13..<15]),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        epochSeconds =
            Self.days(year: year, month: month, day: day) * 86400 + hour * 3600 + minute * 60 + second
    }

    /// `20260131T235959Z`.
    public var basicFormat: String {
        let (year, month, day) = Self.civil(days: Self.floorDivide(epochSeconds, 86400))
        let second = epochSeconds - Self.floorDivide(epochSeconds, 86400) * 86400
        return String(unsafeUninitializedCapacity: 16) { text in
            Self.write(year, digits: 4, to: text, at: 0)
            Self.write(month, digits: 2, to: text, at: 4)
            Self.write(day, digits: 2, to: text, at: 6)
            text[8] = UInt8(ascii: "T")
            Self.write(second / 3600, digits: 2, to: text, at: 9)
            Self.write(second / 60 % 60, digits: 2, to: text, at: 11)
            Self.write(second % 60, digits: 2, to: text, at: 13)
            text[15] = UInt8(ascii: "Z")
            return 16
        }
    }

    /// `20260131`, the day of the credential scope.
    public var day: String { String(basicFormat.prefix(8)) }

    // Gregorian calendar over eras of 400 years (146,097 days), years counted from March so that the leap day is last.
    static func days(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = floorDivide(shifted, 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func floorDivide(_ dividend: Int, _ divisor: Int) -> Int {
        let quotient = dividend / divisor
        return dividend % divisor < 0 ? quotient - 1 : quotient
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return value
    }

    private static func write(
        _ value: Int, digits: Int, to text: UnsafeMutableBufferPointer<UInt8>, at position: Int
    ) {
        var rest = value
        for index in stride(from: position + digits - 1, through: position, by: -1) {
            text[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
    }
}
