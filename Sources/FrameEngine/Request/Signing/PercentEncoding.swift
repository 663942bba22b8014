/// Percent-encoding as SigV4 wants it (RFC 3986, 2.1 and 2.3): upper-case hex, everything but the unreserved encoded.
public enum PercentEncoding {
    /// Encodes each byte of `text` that is neither unreserved (`A-Z a-z 0-9 - . _ ~`) nor a kept slash.
    public static func encode(_ text: some StringProtocol, keepsSlash: Bool = false) -> String {
        let slash = UInt8(ascii: "/")
        if text.utf8.allSatisfy({ isUnreserved($0) || (keepsSlash && $0 == slash) }) { return String(text) }
        return encode(bytes: text.utf8, keepsSlash: keepsSlash)
    }

    /// Undoes the encoding; a `%` that two hex digits do not follow stays as it is.
    public static func decode(_ text: some StringProtocol) -> [UInt8] {
        let source = Array(text.utf8)
        var decoded: [UInt8] = []
        decoded.reserveCapacity(source.count)
        var index = 0
        while index < source.count {
            if source[index] == UInt8(ascii: "%"), index + 2 < source.count,
                let high = hexValue(source[index + 1]), let low = hexValue(source[index + 2])
            {
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(source[index])
                index += 1
            }
        }
        return decoded
    }

    /// The encoded form, whatever subset of the characters was encoded before.
    static func normalize(_ text: some StringProtocol) -> String {
        if text.utf8.allSatisfy(isUnreserved) { return String(text) }
        return encode(bytes: decode(text), keepsSlash: false)
    }

    private static func encode(bytes: some Sequence<UInt8>, keepsSlash: Bool) -> String {
        var encoded: [UInt8] = []
        for byte in bytes {
            if isUnreserved(byte) || (keepsSlash && byte == UInt8(ascii: "/")) {
                encoded.append(byte)
            } else {
                encoded.append(UInt8(ascii: "%"))
                encoded.append(upperHexDigits[Int(byte >> 4)])
                encoded.append(upperHexDigits[Int(byte & 15)])
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default:
            false
        }
    }

    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static let upperHexDigits = Array("0123456789ABCDEF".utf8)
}
