/// A piece of valid JSON text that is taken apart without changing a byte of its parts: numbers keep their digits,
/// members their order.
///
/// The text must be valid as a whole; what does not have the form asked for is nil or empty.
struct JSONSlice {
    private let bytes: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    private init(_ bytes: ArraySlice<UInt8>) {
        var bytes = bytes
        while let first = bytes.first, Self.isBlank(first) { bytes.removeFirst() }
        while let last = bytes.last, Self.isBlank(last) { bytes.removeLast() }
        self.bytes = bytes
    }

    /// As it stands.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    var isNull: Bool { bytes.elementsEqual("null".utf8) }
    var isObject: Bool { bytes.first == UInt8(ascii: "{") }

    var integer: Int? { Int(text) }

    /// The text of a string, without escapes.
    var string: String? {
        guard bytes.count >= 2, bytes.first == Self.quote, bytes.last == Self.quote else { return nil }
        let inner = bytes.dropFirst().dropLast()
        guard inner.contains(Self.backslash) else { return String(decoding: inner, as: UTF8.self) }
        return Self.unescaped(inner)
    }

    /// The members of an object in order; nil for anything else.
    var members: [(key: String, value: JSONSlice)]? {
        guard isObject else { return nil }
        var found: [(key: String, value: JSONSlice)] = []
        for part in parts {
            guard part.first == Self.quote, let end = Self.stringEnd(part, from: part.startIndex),
                let colon = part[end...].firstIndex(of: UInt8(ascii: ":")),
                let key = JSONSlice(part[part.startIndex..<end]).string
            else { return nil }
            found.append((key, JSONSlice(part[(colon + 1)...])))
        }
        return found
    }

    /// The elements of an array in order; nil for anything else.
    var elements: [JSONSlice]? {
        bytes.first == UInt8(ascii: "[") ? parts.map { JSONSlice($0) } : nil
    }

    /// The member of an object.
    subscript(key: String) -> JSONSlice? { members?.first { $0.key == key }?.value }

    // MARK: Scanning

    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
    }

    /// What commas divide inside of the outermost brackets, without the blanks around.
    private var parts: [ArraySlice<UInt8>] {
        var parts: [ArraySlice<UInt8>] = []
        let inner = bytes.dropFirst().dropLast()
        var start = inner.startIndex
        var depth = 0
        var place = inner.startIndex
        while place < inner.endIndex {
            switch inner[place] {
            case Self.quote:
                place = Self.stringEnd(inner, from: place) ?? inner.endIndex
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ",") where depth == 0:
                parts.append(JSONSlice(inner[start..<place]).bytes)
                start = place + 1
            default: break
            }
            place += 1
        }
        let last = JSONSlice(inner[start...]).bytes
        if !last.isEmpty { parts.append(last) }
        return parts
    }

    /// Behind the closing quotation mark of the string that begins at `start`.
    private static func stringEnd(_ bytes: ArraySlice<UInt8>, from start: Int) -> Int? {
        var place = start + 1
        while place < bytes.endIndex {
            if bytes[place] == quote { return place + 1 }
            place += bytes[place] == backslash ? 2 : 1
        }
        return nil
    }

    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String? {
        var units: [UInt16] = []
        var place = bytes.startIndex
        var run = place
        func flush(_ end: Int) { units += String(decoding: bytes[run..<end], as: UTF8.self).utf16 }
        while place < bytes.endIndex {
            guard bytes[place] == backslash else {
                place += 1
                continue
            }
            flush(place)
            guard place + 1 < bytes.endIndex else { return nil }
            switch bytes[place + 1] {
            case UInt8(ascii: "u"):
                guard place + 6 <= bytes.endIndex,
                    let unit = UInt16(
                        String(decoding: bytes[(place + 2)..<(place + 6)], as: UTF8.self), radix: 16)
                else { return nil }
                units.append(unit)
                place += 4
            case UInt8(ascii: "n"): units.append(0x0a)
            case UInt8(ascii: "t"): units.append(0x09)
            case UInt8(ascii: "r"): units.append(0x0d)
            case UInt8(ascii: "b"): units.append(0x08)
            case UInt8(ascii: "f"): units.append(0x0c)
            case let other: units.append(UInt16(other))
            }
            place += 2
            run = place
        }
        flush(bytes.endIndex)
        return String(decoding: units, as: UTF16.self)
    }
}
