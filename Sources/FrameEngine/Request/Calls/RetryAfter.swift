import Foundation

/// How long a response asks its client to wait.
enum RetryAfter {
    /// From `x-amz-retry-after` (milliseconds) or `Retry-After` (seconds or a date; RFC 9110, 10.2.3).
    ///
    /// Nil where there is neither or it cannot be read; never negative.
    static func duration(in response: HTTPResponse, now: Date = Date()) -> Duration? {
        if let milliseconds = response.field("x-amz-retry-after").flatMap({ Int(trimmed($0)) }) {
            return .milliseconds(max(milliseconds, 0))
        }
        guard let text = response.field("Retry-After").map(trimmed) else { return nil }
        if let seconds = Int(text) { return .seconds(max(min(seconds, 1 << 40), 0)) }
        guard let date = epochSeconds(ofHTTPDate: text) else { return nil }
        return .seconds(max(date - Int(now.timeIntervalSince1970), 0))
    }

    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7); the two obsolete forms are not read.
    static func epochSeconds(ofHTTPDate text: String) -> Int? {
        let parts = text.split { $0 == " " || $0 == "," || $0 == ":" }
        guard parts.count == 8, parts[7] == "GMT", let day = Int(parts[1]), let year = Int(parts[3]),
            let month = months.firstIndex(where: { $0 == parts[2] }), let hour = Int(parts[4]),
            let minute = Int(parts[5]), let second = Int(parts[6]),
            (1...31).contains(day), (1...9999).contains(year), (0..<24).contains(hour),
            (0..<60).contains(minute), (0...60).contains(second)
        else { return nil }
        return AWSTimestamp.days(year: year, month: month + 1, day: day) * 86400
            + hour * 3600 + minute * 60 + second
    }

    private static func trimmed(_ text: String) -> String {
        text.trimmingCharacters(in: .whitespaces)
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
