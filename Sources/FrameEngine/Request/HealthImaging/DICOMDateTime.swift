/// A date of DICOM, perhaps with a time (PS3.5, 6.2: DA `YYYYMMDD` and TM `HHMMSS` with an optional fraction).
public struct DICOMDateTime: Sendable, Hashable {
    /// Eight digits.
    public let date: String
    /// Six digits, perhaps with a fraction; nil for the whole day.
    public let time: String?

    /// Nil unless date and time are of these forms.
    public init?(date: String, time: String? = nil) {
        guard let day = Self.digits(date, count: 8), (1...12).contains(day / 100 % 100),
            (1...Self.days(inMonth: day / 100 % 100, of: day / 10_000)).contains(day % 100)
        else { return nil }
        if let time {
            let parts = time.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
            guard let second = Self.digits(parts[0], count: 6), second / 10_000 < 24,
                second / 100 % 100 < 60, second % 100 <= 60,
                parts.count == 1 || Self.digits(parts[1], count: parts[1].utf8.count) != nil
            else { return nil }
        }
        self.date = date
        self.time = time
    }

    /// Of the Gregorian calendar.
    private static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func digits(_ text: some StringProtocol, count: Int) -> Int? {
        let isDigits = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return isDigits && text.utf8.count == count && (1...8).contains(count) ? Int(text) : nil
    }
}
