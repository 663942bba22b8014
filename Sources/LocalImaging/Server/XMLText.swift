/// Builds the XML of an answer, element by element.
struct XMLText {
    private(set) var text = #"<?xml version="1.0" encoding="UTF-8"?>"# + "\n"

    /// An element with text; nothing where that is nil.
    mutating func element(_ name: String, _ value: String?) {
        guard let value else { return }
        text += "<\(name)>"
        append(escaping: value)
        text += "</\(name)>"
    }

    mutating func element(_ name: String, _ value: Int) { element(name, String(value)) }

    mutating func element(_ name: String, _ value: Bool) { element(name, value ? "true" : "false") }

    /// An element with elements.
    ///
    /// - Parameter namespace: of this element and all below it.
    mutating func group<Failure: Error>(
        _ name: String, namespace: String? = nil, _ content: (inout XMLText) throws(Failure) -> Void
    ) throws(Failure) {
        text += namespace.map { #"<\#(name) xmlns="\#($0)">"# } ?? "<\(name)>"
        try content(&self)
        text += "</\(name)>"
    }

    /// Text in the element that is open.
    mutating func append(_ value: String) { append(escaping: value) }

    /// Characters that XML cannot hold as they are go as references, as S3 writes them in keys.
    private mutating func append(escaping value: String) {
        for scalar in value.unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "\t", "\n": text.unicodeScalars.append(scalar)
            case "\u{0}"..<" ", "\u{7f}", "\u{fffe}", "\u{ffff}":
                text += "&#x\(String(scalar.value, radix: 16));"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}
