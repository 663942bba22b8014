/// Collects the header lines that curl hands over one by one, and keeps those of the last response only.
///
/// Interim (1xx) and proxy responses come through the same callback; each status line starts anew. Lines after
/// the blank one that ends the head are trailers, which are not header fields and are left out.
struct ResponseHead: Sendable {
    /// The most bytes of header that one transfer may receive, interim responses and trailers included.
    static let bytesLimit = 256 << 10

    private(set) var fields: [HTTPField] = []
    private(set) var bytesReceived = 0
    private var isOpen = false

    mutating func reset() {
        fields.removeAll(keepingCapacity: true)
        bytesReceived = 0
        isOpen = false
    }

    /// Takes one line with its line end. False when the head grows beyond `bytesLimit`.
    mutating func receive(_ line: UnsafeRawBufferPointer) -> Bool {
        bytesReceived += line.count
        guard bytesReceived <= Self.bytesLimit else { return false }
        var content = line[...]
        while let last = content.last, last == UInt8(ascii: "\r") || last == UInt8(ascii: "\n") {
            content.removeLast()
        }
        if content.starts(with: "HTTP/".utf8) {
            fields.removeAll(keepingCapacity: true)
            isOpen = true
        } else if content.isEmpty {
            isOpen = false
        } else if isOpen {
            receiveField(content)
        }
        return true
    }

    private mutating func receiveField(_ content: Slice<UnsafeRawBufferPointer>) {
        // A line that begins with white space continues the one before (RFC 9112, 5.2).
        if let first = content.first, Self.isBlank(first), !fields.isEmpty {
            fields[fields.count - 1].value += " " + Self.text(content)
            return
        }
        guard let colon = content.firstIndex(of: UInt8(ascii: ":")) else { return }
        fields.append(HTTPField(Self.text(content[..<colon]), Self.text(content[(colon + 1)...])))
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }

    private static func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        var trimmed = bytes
        while let first = trimmed.first, isBlank(first) { trimmed.removeFirst() }
        while let last = trimmed.last, isBlank(last) { trimmed.removeLast() }
        return String(decoding: trimmed, as: UTF8.self)
    }
}
