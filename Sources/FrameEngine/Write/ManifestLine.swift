import Foundation

/// One line of a manifest, taken apart in place: its texts point into the bytes it was read from and are valid as
/// long as those are.
///
/// Reads any JSON object (RFC 8259) on one line, whatever the order and number of its members, and keeps those that
/// checking and resuming need. Nothing is allocated: a large fetch has millions of lines.
struct ManifestLine {
    /// What is between the quotation marks of a string.
    struct Text {
        let bytes: UnsafeRawBufferPointer
        let hasEscapes: Bool

        func equals(_ other: StaticString) -> Bool {
            guard let base = bytes.baseAddress, !hasEscapes, bytes.count == other.utf8CodeUnitCount
            else { return false }
            return memcmp(base, other.utf8Start, bytes.count) == 0
        }

        /// The text itself; nil where it is no UTF-8.
        var string: String? {
            guard hasEscapes else { return String(validating: bytes, as: UTF8.self) }
            let quoted = [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")]
            return try? JSONDecoder().decode(String.self, from: Data(quoted))
        }

        /// The value of eight hexadecimal digits.
        var crc32: UInt32? {
            guard bytes.count == 8, !hasEscapes else { return nil }
            var value: UInt32 = 0
            for byte in bytes {
                switch byte {
                case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
                case 0x61...0x66: value = value << 4 | UInt32(byte - 0x61 + 10)
                case 0x41...0x46: value = value << 4 | UInt32(byte - 0x41 + 10)
                default: return nil
                }
            }
            return value
        }
    }

    /// Why a line is no record.
    enum Problem: Error {
        /// Not a JSON object from its first byte to its last: half a line, two halves, zeros.
        case damaged
        /// A JSON object without what a record must have.
        case noRecord
    }

    private(set) var datastoreID: Text
    private(set) var imageSetID: Text
    private(set) var imageFrameID: Text
    private(set) var status: FrameStatus
    private(set) var frameNumber: Int
    private(set) var encodedBytes: Int
    private(set) var decodedBytes: Int
    private(set) var file: Text?
    private(set) var fileBytes: Int?
    private(set) var fileCRC32: Text?
    private(set) var codestreamFile: Text?
    private(set) var codestreamCRC32: Text?
    private(set) var format: Text?
    private(set) var resolution: Text?
    private(set) var crc32: Text?
    private(set) var crc32Expected: Text?
    private(set) var decoder: Text?

    /// - Parameter bytes: the line without its line feed.
    init(_ bytes: UnsafeRawBufferPointer) throws(Problem) {
        var members = Members()
        var scanner = JSONScanner(bytes)
        try members.read(&scanner)
        guard let datastoreID = members.datastoreID, let imageSetID = members.imageSetID,
            let imageFrameID = members.imageFrameID, let frameNumber = members.frameNumber,
            let status = members.status.flatMap(Self.status),
            let encodedBytes = members.encodedBytes, let decodedBytes = members.decodedBytes
        else { throw .noRecord }
        self.datastoreID = datastoreID
        self.imageSetID = imageSetID
        self.imageFrameID = imageFrameID
        self.status = status
        self.frameNumber = frameNumber
        self.encodedBytes = encodedBytes
        self.decodedBytes = decodedBytes
        file = members.file
        fileBytes = members.fileBytes
        fileCRC32 = members.fileCRC32
        codestreamFile = members.codestreamFile
        codestreamCRC32 = members.codestreamCRC32
        format = members.format
        resolution = members.resolution
        crc32 = members.crc32
        crc32Expected = members.crc32Expected
        decoder = members.decoder
    }

    private static func status(_ text: Text) -> FrameStatus? {
        if text.equals("verified") { return .verified }
        if text.equals("unverifiable") { return .unverifiable }
        if text.equals("mismatch") { return .mismatch }
        return text.equals("failed") ? .failed : nil
    }

    /// The members as they are found.
    private struct Members {
        var datastoreID: Text?
        var imageSetID: Text?
        var imageFrameID: Text?
        var status: Text?
        var frameNumber: Int?
        var encodedBytes: Int?
        var decodedBytes: Int?
        var file: Text?
        var fileBytes: Int?
        var fileCRC32: Text?
        var codestreamFile: Text?
        var codestreamCRC32: Text?
        var format: Text?
        var resolution: Text?
        var crc32: Text?
        var crc32Expected: Text?
        var decoder: Text?

        mutating func read(_ scanner: inout JSONScanner) throws(Problem) {
            guard scanner.take(UInt8(ascii: "{")) else { throw .damaged }
            if !scanner.take(UInt8(ascii: "}")) {
                repeat {
                    guard let name = scanner.text(), scanner.take(UInt8(ascii: ":")),
                        let value = scanner.value()
                    else { throw .damaged }
                    switch value {
                    case .text(let text): note(name, text)
                    case .integer(let number): note(name, number)
                    case .other: break
                    }
                } while scanner.take(UInt8(ascii: ","))
                guard scanner.take(UInt8(ascii: "}")) else { throw .damaged }
            }
            guard scanner.isAtEnd else { throw .damaged }
        }

        private mutating func note(_ name: Text, _ text: Text) {
            if name.equals("datastoreId") { datastoreID = text }
            if name.equals("imageSetId") { imageSetID = text }
            if name.equals("imageFrameId") { imageFrameID = text }
            if name.equals("status") { status = text }
            if name.equals("file") { file = text }
            if name.equals("fileCrc32") { fileCRC32 = text }
            if name.equals("codestreamFile") { codestreamFile = text }
            if name.equals("codestreamCrc32") { codestreamCRC32 = text }
            if name.equals("format") { format = text }
            if name.equals("resolution") { resolution = text }
            if name.equals("crc32") { crc32 = text }
            if name.equals("crc32Expected") { crc32Expected = text }
            if name.equals("decoder") { decoder = text }
        }

        private mutating func note(_ name: Text, _ number: Int) {
            if name.equals("frameNumber") { frameNumber = number }
            if name.equals("encodedBytes") { encodedBytes = number }
            if name.equals("decodedBytes") { decodedBytes = number }
            if name.equals("fileBytes") { fileBytes = number }
        }
    }
}

/// Walks over JSON text in place. A false or nil from anything means that the text is not JSON.
private struct JSONScanner {
    enum Value {
        case text(ManifestLine.Text)
        /// A number without fraction or exponent that fits.
        case integer(Int)
        /// Everything else, passed over.
        case other
    }

    /// Objects and arrays within each other; a manifest has two.
    private static let depthLimit = 16

    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Whether only white space is left.
    var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return position == bytes.count
        }
    }

    /// Passes over white space and `byte`, if that is next.
    mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    /// A string.
    mutating func text() -> ManifestLine.Text? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = position
        var hasEscapes = false
        while position < bytes.count {
            if position + 8 <= bytes.count,
                Self.isPlain(bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            {
                position += 8
                continue
            }
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                position += 1
                let inside = UnsafeRawBufferPointer(rebasing: bytes[start..<position - 1])
                return ManifestLine.Text(bytes: inside, hasEscapes: hasEscapes)
            }
            // Control characters are escaped in JSON: a bare one means damage.
            if byte < 0x20 { return nil }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                position += 1
            }
            position += 1
        }
        return nil
    }

    /// Whether none of eight bytes ends a string, begins an escape or is a control character: most of a manifest is
    /// read eight bytes at a time. A byte below n borrows from its own top bit when n is subtracted.
    private static func isPlain(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ ones &* 0x22
        let escapes = word ^ ones &* 0x5c
        let special =
            (word &- ones &* 0x20) & ~word | (quotes &- ones) & ~quotes | (escapes &- ones) & ~escapes
        return special & (ones &* 0x80) == 0
    }

    /// Any value.
    mutating func value(depth: Int = 0) -> Value? {
        skipSpace()
        guard position < bytes.count, depth < Self.depthLimit else { return nil }
        switch bytes[position] {
        case UInt8(ascii: "\""): return text().map(Value.text)
        case UInt8(ascii: "{"): return members(end: UInt8(ascii: "}"), haveNames: true, depth: depth)
        case UInt8(ascii: "["): return members(end: UInt8(ascii: "]"), haveNames: false, depth: depth)
        case UInt8(ascii: "t"): return word("true")
        case UInt8(ascii: "f"): return word("false")
        case UInt8(ascii: "n"): return word("null")
        default: return number()
        }
    }

    private mutating func members(end: UInt8, haveNames: Bool, depth: Int) -> Value? {
        position += 1
        if take(end) { return .other }
        repeat {
            if haveNames {
                guard text() != nil, take(UInt8(ascii: ":")) else { return nil }
            }
            guard value(depth: depth + 1) != nil else { return nil }
        } while take(UInt8(ascii: ","))
        return take(end) ? .other : nil
    }

    private mutating func word(_ word: StaticString) -> Value? {
        let count = word.utf8CodeUnitCount
        guard let base = bytes.baseAddress, position + count <= bytes.count,
            memcmp(base + position, word.utf8Start, count) == 0
        else { return nil }
        position += count
        return .other
    }

    private mutating func number() -> Value? {
        let isNegative = bytes[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        var value = 0
        var fits = true
        let start = position
        while let digit = nextDigit() {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.subtractingReportingOverflow(digit)
            fits = fits && !overflow && !carry
            value = sum
        }
        guard position > start else { return nil }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            guard skipDigits() else { return nil }
            fits = false
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(bytes[position]) {
                position += 1
            }
            guard skipDigits() else { return nil }
            fits = false
        }
        // Summed up below zero, where there is one number more than above.
        guard fits, isNegative || value != .min else { return .other }
        return .integer(isNegative ? value : -value)
    }

    private mutating func nextDigit() -> Int? {
        guard position < bytes.count, (0x30...0x39).contains(bytes[position]) else { return nil }
        defer { position += 1 }
        return Int(bytes[position]) - 0x30
    }

    private mutating func skipDigits() -> Bool {
        let start = position
        while nextDigit() != nil {}
        return position > start
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0d].contains(bytes[position]) { position += 1 }
    }
}
