import Foundation

/// The times in what gives credentials.
enum CredentialsTime {
    /// Reads ISO 8601 as RFC 3339 profiles it (`2026-01-31T23:59:59Z`), and with the `UTC` that botocore has written for `Z`
    /// into token files; nil for anything else.
    static func date(_ text: String) -> Date? {
        AWSDate.parse(text.hasSuffix("UTC") ? text.dropLast(3) + "Z" : text)
    }

    /// `2026-01-31T23:59:59Z`.
    static func text(_ date: Date) -> String {
        let basic = AWSTimestamp(date).basicFormat
        func part(_ from: Int, _ count: Int) -> Substring { basic.dropFirst(from).prefix(count) }
        return "\(part(0, 4))-\(part(4, 2))-\(part(6, 2))T\(part(9, 2)):\(part(11, 2)):\(part(13, 2))Z"
    }
}
