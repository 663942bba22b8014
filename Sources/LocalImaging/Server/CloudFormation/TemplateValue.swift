import Foundation
import Yams

/// A value of a template: every scalar is text, and the functions are taken out in both of their spellings.
indirect enum TemplateValue: Hashable, Sendable {
    case text(String)
    case list([TemplateValue])
    case map([String: TemplateValue])
    /// `Ref`, `Condition` or `Fn::…` and its argument.
    case call(String, TemplateValue)

    /// Values in a template, aliases counted each time that they are used.
    private static let countLimit = 20_000
    private static let depthLimit = 64
    /// Aliases in a template: with n of them a value grows at most by the factor 2.718^(n / 2.718).
    private static let aliasLimit = 12

    /// Reads a template in JSON or YAML.
    init(parsing text: String) throws(QueryError) {
        var count = 0
        if text.first(where: { !$0.isWhitespace }) == "{",
            let json = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        {
            self = try Self.value(json, depth: 0, &count)
            return
        }
        guard Self.isShallow(text) else { throw Self.malformed("the template is nested too deeply") }
        guard Self.hasFewAliases(text) else {
            throw Self.malformed("the template is too large: more than \(Self.aliasLimit) aliases are used")
        }
        let node: Node?
        do {
            node = try Yams.compose(yaml: text, .basic)
        } catch let error as YamlError {
            throw Self.malformed("YAML not well-formed. (\(Self.place(of: error)))")
        } catch {
            throw Self.malformed("YAML not well-formed.")
        }
        guard let node else { throw Self.malformed("the template is empty") }
        self = try Self.value(node, depth: 0, &count)
    }

    static func malformed(_ what: String) -> QueryError { .validation("Template format error: \(what)") }

    var text: String? {
        guard case .text(let text) = self else { return nil }
        return text
    }

    var list: [TemplateValue]? {
        guard case .list(let values) = self else { return nil }
        return values
    }

    var map: [String: TemplateValue]? {
        guard case .map(let values) = self else { return nil }
        return values
    }

    /// The value in JSON; functions in their long spelling.
    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(JSONValue(self)) else {
            preconditionFailure("texts, lists and maps can be written as JSON")
        }
        return String(decoding: data, as: UTF8.self)
    }

    // MARK: YAML

    private static func place(of error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "line \(mark.line), column \(mark.column): \(problem)"
        default: "it cannot be read"
        }
    }

    /// Whether brackets, and dashes at the start of a line, are nested no deeper than a recursive reader can bear.
    private static func isShallow(_ text: String) -> Bool {
        var open = 0
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            var marks = 0
            for byte in line {
                guard " -?".utf8.contains(byte) else { break }
                if byte != UInt8(ascii: " ") { marks += 1 }
            }
            guard marks <= depthLimit else { return false }
            for byte in line {
                switch byte {
                case UInt8(ascii: "["), UInt8(ascii: "{"): open += 1
                case UInt8(ascii: "]"), UInt8(ascii: "}"): open = max(0, open - 1)
                default: break
                }
                guard open <= 4 * depthLimit else { return false }
            }
        }
        return true
    }

    /// Whether names behind an asterisk that also stand behind an ampersand are few.
    ///
    /// A key of a map may be an alias, and the reader of YAML compares keys with all that is in them: a bomb of aliases
    /// must not come so far. CloudFormation knows no aliases at all.
    private static func hasFewAliases(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        func names(behind mark: UInt8) -> [ArraySlice<UInt8>] {
            bytes.indices.filter { bytes[$0] == mark }.map { index in
                bytes[(index + 1)...].prefix { byte in
                    let character = Character(Unicode.Scalar(byte))
                    return byte < 0x80
                        && (character.isLetter || character.isNumber || "_-".utf8.contains(byte))
                }
            }
        }
        let anchors = Set(names(behind: UInt8(ascii: "&"))).subtracting([[]])
        guard !anchors.isEmpty else { return true }
        return names(behind: UInt8(ascii: "*")).count { anchors.contains($0) } <= aliasLimit
    }

    private static func value(_ node: Node, depth: Int, _ count: inout Int) throws(QueryError)
        -> TemplateValue
    {
        try step(depth, &count)
        var value: TemplateValue
        switch node {
        case .scalar(let scalar): value = .text(scalar.string)
        case .sequence(let sequence):
            var values: [TemplateValue] = []
            for node in sequence { values.append(try self.value(node, depth: depth + 1, &count)) }
            value = .list(values)
        case .mapping(let mapping):
            var values: [String: TemplateValue] = [:]
            for (key, node) in mapping {
                guard let key = key.scalar?.string, values[key] == nil else {
                    throw malformed("every key must be a text and stand once")
                }
                values[key] = try self.value(node, depth: depth + 1, &count)
            }
            value = combined(values)
        case .alias: throw malformed("an alias has no anchor")
        }
        let tag = node.tag.rawValue
        guard tag.hasPrefix("!"), tag != "!" else { return value }
        let name = String(tag.dropFirst())
        if name == "Ref" || name == "Condition" { return .call(name, value) }
        if name == "GetAtt", case .text(let path) = value {
            value = .list(path.split(separator: ".", maxSplits: 1).map { .text(String($0)) })
        }
        return .call("Fn::" + name, value)
    }

    // MARK: JSON

    private enum JSONValue: Codable {
        case text(String)
        case list([JSONValue])
        case map([String: JSONValue])

        init(from decoder: any Decoder) throws {
            if let values = try? decoder.singleValueContainer().decode([String: JSONValue].self) {
                self = .map(values)
            } else if let values = try? decoder.singleValueContainer().decode([JSONValue].self) {
                self = .list(values)
            } else if let flag = try? decoder.singleValueContainer().decode(Bool.self) {
                self = .text(flag ? "true" : "false")
            } else if let number = try? decoder.singleValueContainer().decode(Int.self) {
                self = .text(String(number))
            } else if let number = try? decoder.singleValueContainer().decode(Double.self) {
                self = .text(String(number))
            } else if try decoder.singleValueContainer().decodeNil() {
                self = .text("")
            } else {
                self = .text(try decoder.singleValueContainer().decode(String.self))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .list(let values): try container.encode(values)
            case .map(let values): try container.encode(values)
            }
        }

        init(_ value: TemplateValue) {
            switch value {
            case .text(let text): self = .text(text)
            case .list(let values): self = .list(values.map { JSONValue($0) })
            case .map(let values): self = .map(values.mapValues { JSONValue($0) })
            case .call(let name, let argument): self = .map([name: JSONValue(argument)])
            }
        }
    }

    private static func value(
        _ json: JSONValue, depth: Int, _ count: inout Int
    ) throws(QueryError) -> TemplateValue {
        try step(depth, &count)
        switch json {
        case .text(let text): return .text(text)
        case .list(let items):
            var values: [TemplateValue] = []
            for item in items { values.append(try value(item, depth: depth + 1, &count)) }
            return .list(values)
        case .map(let items):
            var values: [String: TemplateValue] = [:]
            for (key, item) in items { values[key] = try value(item, depth: depth + 1, &count) }
            return combined(values)
        }
    }

    private static func step(_ depth: Int, _ count: inout Int) throws(QueryError) {
        count += 1
        guard count <= countLimit, depth <= depthLimit else {
            throw malformed("the template is too large or nested too deeply")
        }
    }

    /// A map, or the function that a map of one key stands for.
    private static func combined(_ values: [String: TemplateValue]) -> TemplateValue {
        guard values.count == 1, let (name, argument) = values.first, name == "Ref" || name.hasPrefix("Fn::")
        else {
            return .map(values)
        }
        if name == "Fn::GetAtt", case .text(let path) = argument {
            return .call(name, .list(path.split(separator: ".", maxSplits: 1).map { .text(String($0)) }))
        }
        return .call(name, argument)
    }
}
