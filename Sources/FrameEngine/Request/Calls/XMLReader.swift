/// Reads the part of XML 1.0 that services write: elements, text, CDATA, comments, processing instructions, and the
/// references to characters and predefined entities. No DOCTYPE, so nothing is fetched and nothing expands.
struct XMLReader {
    /// Elements within elements.
    static let depthLimit = 64
    /// Elements in all.
    static let countLimit = 500_000

    private let bytes: [UInt8]
    private var index = 0
    private var count = 0

    init(_ bytes: some Collection<UInt8>) { self.bytes = Array(bytes) }

    /// The root element.
    mutating func document() throws(XMLNode.Malformed) -> XMLNode {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .init(problem: "it is not UTF-8") }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
        try skipMisc()
        guard peek("<") else { throw .init(problem: "there is no element") }
        let root = try element()
        try skipMisc()
        guard index == bytes.count else { throw .init(problem: "there is something behind the last element") }
        return root
    }

    /// One element to its end, with an explicit stack: the depth of a document costs no depth of calls.
    private mutating func element() throws(XMLNode.Malformed) -> XMLNode {
        var open: [(node: XMLNode, tag: ArraySlice<UInt8>, text: [UInt8])] = []
        while true {
            if open.isEmpty || peek("<"), !peek("</"), !peek("<!"), !peek("<?") {
                index += 1
                let tag = try name()
                let isEmpty = try skipAttributes()
                count += 1
                guard count <= Self.countLimit else { throw .init(problem: "it has too many elements") }
                guard open.count < Self.depthLimit else { throw .init(problem: "it is too deep") }
                let local = tag.split(separator: UInt8(ascii: ":")).last ?? tag
                open.append((XMLNode(name: String(decoding: local, as: UTF8.self)), tag, []))
                if !isEmpty { continue }
            } else if take("</") {
                guard let last = open.last, try name() == last.tag else {
                    throw .init(problem: "an end tag does not fit")
                }
                skipBlanks()
                guard take(">") else { throw .init(problem: "an end tag does not end") }
            } else {
                try content(into: &open[open.count - 1].text)
                continue
            }
            var closed = open.removeLast()
            closed.node.text = String(decoding: closed.text, as: UTF8.self)
            if open.isEmpty { return closed.node }
            open[open.count - 1].node.children.append(closed.node)
        }
    }

    /// Text, a reference, CDATA, a comment or a processing instruction.
    private mutating func content(into text: inout [UInt8]) throws(XMLNode.Malformed) {
        guard index < bytes.count else { throw .init(problem: "it ends within an element") }
        if take("<![CDATA[") {
            let end = try find("]]>")
            text += Self.unixLines(bytes[index..<end])
            index = end + 3
        } else if peek("<!") || peek("<?") {
            try skipComment()
        } else if take("&") {
            try reference(into: &text)
        } else {
            let end =
                bytes[index...].firstIndex { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: "&") }
                ?? bytes.count
            text += Self.unixLines(bytes[index..<end])
            index = end
        }
    }

    /// What stands behind an ampersand (XML 1.0, 4.1 and 4.6).
    private mutating func reference(into text: inout [UInt8]) throws(XMLNode.Malformed) {
        guard let end = bytes[index...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
            throw .init(problem: "a reference does not end")
        }
        let name = String(decoding: bytes[index..<end], as: UTF8.self)
        index = end + 1
        let named: [String: Character] = ["lt": "<", "gt": ">", "amp": "&", "quot": "\"", "apos": "'"]
        if let character = named[name] {
            text += String(character).utf8
            return
        }
        let number =
            name.hasPrefix("#x")
            ? UInt32(name.dropFirst(2), radix: 16)
            : name.hasPrefix("#") ? UInt32(name.dropFirst(1)) : nil
        guard let number, number > 0, let scalar = Unicode.Scalar(number) else {
            throw .init(problem: "a reference is to nothing known")
        }
        text += String(Character(scalar)).utf8
    }

    // MARK: What is skipped

    /// Blanks, comments, processing instructions and the XML declaration.
    private mutating func skipMisc() throws(XMLNode.Malformed) {
        while true {
            skipBlanks()
            guard peek("<!") || peek("<?") else { return }
            try skipComment()
        }
    }

    private mutating func skipComment() throws(XMLNode.Malformed) {
        if take("<!--") {
            index = try find("-->") + 3
        } else if take("<?") {
            index = try find("?>") + 2
        } else {
            throw .init(problem: "it has a DOCTYPE or another declaration")
        }
    }

    /// To the end of a start tag. Returns whether that is the element's end as well.
    private mutating func skipAttributes() throws(XMLNode.Malformed) -> Bool {
        while true {
            skipBlanks()
            if take("/>") { return true }
            if take(">") { return false }
            _ = try name()
            skipBlanks()
            guard take("=") else { throw .init(problem: "an attribute has no value") }
            skipBlanks()
            guard let quote = index < bytes.count ? bytes[index] : nil,
                quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"),
                let end = bytes[(index + 1)...].firstIndex(of: quote)
            else { throw .init(problem: "an attribute's value has no quotes") }
            index = end + 1
        }
    }

    private mutating func skipBlanks() {
        while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
    }

    // MARK: Bytes

    private mutating func name() throws(XMLNode.Malformed) -> ArraySlice<UInt8> {
        let start = index
        while index < bytes.count, bytes[index] > 0x20, !Self.endsName.contains(bytes[index]) { index += 1 }
        guard index > start else { throw .init(problem: "a name is missing") }
        return bytes[start..<index]
    }

    private static let endsName = Array("<>/=\"'&;".utf8)

    private func peek(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard bytes.count - index >= length else { return false }
        return text.withUTF8Buffer { wanted in
            wanted.indices.allSatisfy { bytes[index + $0] == wanted[$0] }
        }
    }

    private mutating func take(_ text: StaticString) -> Bool {
        guard peek(text) else { return false }
        index += text.utf8CodeUnitCount
        return true
    }

    /// Where `text` is next.
    private func find(_ text: String) throws(XMLNode.Malformed) -> Int {
        let wanted = Array(text.utf8)
        var start = index
        while let first = bytes[start...].firstIndex(of: wanted[0]) {
            if bytes[first...].starts(with: wanted) { return first }
            start = first + 1
        }
        throw .init(problem: "it ends within a comment, CDATA or an instruction")
    }

    /// Line ends as XML 1.0, 2.11 has them: a carriage return that was meant comes as a reference.
    private static func unixLines(_ text: ArraySlice<UInt8>) -> [UInt8] {
        guard text.contains(0x0D) else { return Array(text) }
        var lines: [UInt8] = []
        var previous: UInt8 = 0
        for byte in text {
            if byte == 0x0D {
                lines.append(0x0A)
            } else if !(byte == 0x0A && previous == 0x0D) {
                lines.append(byte)
            }
            previous = byte
        }
        return lines
    }
}
