/// One DICOM attribute as the service's metadata document writes it: a key and a value in JSON.
struct MetadataAttribute: Sendable {
    /// The keyword of PS3.6, or eight upper-case hexadecimal digits.
    let key: String
    /// The value, serialised already.
    let json: String

    init(key: String, json: String) {
        self.key = key
        self.json = json
    }

    /// One string; nil is JSON null.
    init(_ key: String, _ value: String?) {
        self.init(key: key, json: value.map(JSONText.quoted) ?? "null")
    }

    init(_ key: String, _ value: Int) {
        self.init(key: key, json: String(value))
    }

    /// An element that may have several values is an array also with one.
    init(_ key: String, _ values: [String]) {
        self.init(key: key, json: "[" + values.map(JSONText.quoted).joined(separator: ",") + "]")
    }
}

/// The few JSON forms that the documents need.
enum JSONText {
    /// `text` in quotation marks, escaped as RFC 8259 section 7 demands.
    static func quoted(_ text: String) -> String {
        let needsEscape = text.utf8.contains {
            $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\")
        }
        guard needsEscape else { return "\"\(text)\"" }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
