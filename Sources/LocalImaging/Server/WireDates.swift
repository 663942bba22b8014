import Foundation

/// Times as answers and header fields have them.
enum WireDates {
    /// `2026-01-31T23:59:59.123Z`.
    static func iso8601(_ date: Date) -> String {
        let milliseconds = Int((date.timeIntervalSince1970 * 1000).rounded(.down))
        let (day, time) = split(milliseconds / 1000)
        let fraction = digits(milliseconds - milliseconds / 1000 * 1000, 3)
        return "\(day.year)-\(digits(day.month, 2))-\(digits(day.day, 2))T\(time).\(fraction)Z"
    }

    /// `Sat, 31 Jan 2026 23:59:59 GMT` (RFC 9110, 5.6.7).
    static func http(_ date: Date) -> String {
        let seconds = Int(date.timeIntervalSince1970.rounded(.down))
        let (day, time) = split(seconds)
        let weekday = weekdays[(seconds / 86_400 + 4) % 7]
        return "\(weekday), \(digits(day.day, 2)) \(months[day.month - 1]) \(day.year) \(time) GMT"
    }

    /// Reads the form that `http` writes; nil for any other.
    static func parseHTTP(_ text: String) -> Date? {
        let parts = text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == ":" })
        guard parts.count == 8, parts[7] == "GMT", let day = Int(parts[1]),
            let month = months.firstIndex(of: String(parts[2])), let year = Int(parts[3]),
            let hour = Int(parts[4]), let minute = Int(parts[5]), let second = Int(parts[6]),
            (1...31).contains(day), (1970...9999).contains(year), (0...23).contains(hour),
            (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        var components = DateComponents()
        (components.year, components.month, components.day) = (year, month + 1, day)
        (components.hour, components.minute, components.second) = (hour, minute, second)
        return calendar.date(from: components)
    }

    private static let calendar: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }()

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func split(_ seconds: Int) -> (day: (year: Int, month: Int, day: Int), time: String) {
        let parts = calendar.dateComponents(
            [.year, .month, .day], from: Date(timeIntervalSince1970: Double(seconds)))
        let rest = seconds % 86_400
        let time = "\(digits(rest / 3600, 2)):\(digits(rest / 60 % 60, 2)):\(digits(rest % 60, 2))"
        return ((parts.year ?? 1970, parts.month ?? 1, parts.day ?? 1), time)
    }

    private static func digits(_ value: Int, _ count: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
}
