/// One file in the format of `~/.aws/config` and `~/.aws/credentials` (AWS SDKs and Tools reference guide).
///
/// Sections in brackets, `name = value` or `name: value` lines, comment lines with `#` or `;`, comments after a value
/// behind a blank and not in quotes, lines that are indented more than their value's: members of a block (`s3 =` with
/// nothing behind) or the continuation of a value. Names of values are case-insensitive; a section that occurs twice is
/// one, later values win.
struct AWSConfigFile: Sendable {
    struct Section: Sendable {
        var values: [String: String] = [:]
        /// Members of blocks, by the block's name.
        var blocks: [String: [String: String]] = [:]
    }

    /// By the text between the brackets, blanks made one space.
    private(set) var sections: [String: Section] = [:]

    init() {}

    /// - Parameter path: what an error names.
    init(parsing text: String, path: String) throws(SettingsError) {
        var section: String?
        var open: (name: String, indent: Int)?
        var lineNumber = 0
        for rawLine in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            lineNumber += 1
            let line = Self.trimmed(rawLine)
            guard let first = line.first, first != "#", first != ";" else { continue }
            if first == "[" {
                section = try Self.sectionName(line, path: path, lineNumber: lineNumber)
                open = nil
                if let section, sections[section] == nil { sections[section] = Section() }
                continue
            }
            guard let current = section else {
                throw SettingsError(
                    .configurationFile, "\(path), line \(lineNumber): a value before the first [section]")
            }
            let indent = rawLine.prefix(while: \.isWhitespace).count
            if let open, indent > open.indent {
                addIndented(line, to: open.name, in: current)
            } else if let (name, value) = Self.pair(line) {
                sections[current, default: Section()].values[name] = value
                open = (name, indent)
            } else {
                // The line's text may be half of a secret: only its number is told.
                throw SettingsError(
                    .configurationFile, "\(path), line \(lineNumber): neither [section] nor name = value")
            }
        }
    }

    private mutating func addIndented(_ line: Substring, to name: String, in section: String) {
        let value = sections[section]?.values[name] ?? ""
        if value.isEmpty {
            if let (member, memberValue) = Self.pair(line) {
                sections[section, default: Section()].blocks[name, default: [:]][member] = memberValue
            }
        } else {
            sections[section]?.values[name] = "\(value)\n\(line)"
        }
    }

    private static func sectionName(
        _ line: Substring, path: String, lineNumber: Int
    ) throws(SettingsError) -> String {
        guard let end = line.firstIndex(of: "]") else {
            throw SettingsError(.configurationFile, "\(path), line \(lineNumber): '[' without ']'")
        }
        return line[line.index(after: line.startIndex)..<end].split(whereSeparator: \.isWhitespace)
            .joined(separator: " ").replacing("\"", with: "").replacing("'", with: "")
    }

    private static func pair(_ line: Substring) -> (name: String, value: String)? {
        guard let equals = line.firstIndex(where: { $0 == "=" || $0 == ":" }) else { return nil }
        let name = trimmed(line[..<equals]).lowercased()
        guard !name.isEmpty else { return nil }
        return (name, String(trimmed(withoutComment(line[line.index(after: equals)...]))))
    }

    private static func withoutComment(_ value: Substring) -> Substring {
        var previousIsBlank = false
        var quote: Character?
        for index in value.indices {
            let character = value[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if previousIsBlank, character == "#" || character == ";" {
                return value[..<index]
            } else if character == "'" || character == "\"" {
                // Of a command (`credential_process`), which may hold anything.
                quote = character
            }
            previousIsBlank = character.isWhitespace
        }
        return value
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
