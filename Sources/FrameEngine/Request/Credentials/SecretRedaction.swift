/// Replaces the secrets of credentials by `***` in text that others wrote.
///
/// A secret is also found where some or all of its characters are percent-encoded, once or repeatedly, in either
/// case, and where form decoding made a blank of its `+`.
struct SecretRedaction: Sendable {
    /// What stands in a secret's place.
    static let mark = "***"

    /// The longest first: one may hold another.
    private let secrets: [[UInt8]]

    /// Hides nothing.
    static let none = SecretRedaction([])

    /// Hides the secret access keys and session tokens; an access key id is no secret.
    init(_ credentials: [AWSCredentials]) {
        let texts = credentials.flatMap { [$0.secretAccessKey, $0.sessionToken ?? ""] }
        let forms = Set(texts.flatMap { [$0, PercentEncoding.encode($0)] }).filter { !$0.isEmpty }
        secrets = forms.map { Array($0.utf8) }.sorted { $0.count > $1.count }
    }

    /// `text` without any of the secrets.
    func redacted(_ text: String) -> String {
        if secrets.isEmpty { return text }
        var bytes = Array(text.utf8)
        for secret in secrets { bytes = Self.replacing(secret, in: bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func replacing(_ secret: [UInt8], in bytes: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        kept.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if let end = end(of: secret, in: bytes, from: index) {
                kept += mark.utf8
                index = end
            } else {
                kept.append(bytes[index])
                index += 1
            }
        }
        return kept
    }

    /// Where the secret that starts at `start` ends; nil where there is none.
    private static func end(of secret: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        var index = start
        for byte in secret {
            guard index < bytes.count else { return nil }
            if bytes[index] == byte || (byte == UInt8(ascii: "+") && bytes[index] == 0x20) {
                index += 1
            } else if let encoded = encodedByte(in: bytes, at: index), encoded.value == byte {
                index = encoded.end
            } else {
                return nil
            }
        }
        return index
    }

    /// The byte that `%xx` stands for, also where its `%` was encoded in turn (`%25xx`, `%2525xx`…).
    private static func encodedByte(in bytes: [UInt8], at start: Int) -> (value: UInt8, end: Int)? {
        guard bytes[start] == UInt8(ascii: "%") else { return nil }
        var digits = start + 1
        while digits + 3 < bytes.count, bytes[digits] == UInt8(ascii: "2"),
            bytes[digits + 1] == UInt8(ascii: "5"), PercentEncoding.hexValue(bytes[digits + 2]) != nil,
            PercentEncoding.hexValue(bytes[digits + 3]) != nil
        {
            digits += 2
        }
        guard digits + 1 < bytes.count, let high = PercentEncoding.hexValue(bytes[digits]),
            let low = PercentEncoding.hexValue(bytes[digits + 1])
        else { return nil }
        return (high << 4 | low, digits + 2)
    }
}
