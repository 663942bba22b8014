/// Splits a command line into words as a POSIX shell does, and does nothing else that a shell does.
enum CommandWords {
    /// Blanks separate words; quotes and backslashes keep them together. Nil where a quote is not closed.
    static func split(_ line: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var rest = line[...]
        while let character = rest.popFirst() {
            switch (quote, character) {
            case (nil, " "), (nil, "\t"), (nil, "\n"), (nil, "\r"):
                if let finished = word { words.append(finished) }
                word = nil
            case (nil, "'"), (nil, "\""):
                quote = character
                word = word ?? ""
            case (nil, "\\"):
                guard let next = rest.popFirst() else { return nil }
                word = (word ?? "") + String(next)
            case ("\"", "\\"):
                guard let next = rest.popFirst() else { return nil }
                // Within double quotes it only quotes these two; before others it is itself.
                word = (word ?? "") + (next == "\"" || next == "\\" ? String(next) : "\\\(next)")
            case (let open?, _) where open == character:
                quote = nil
            default:
                word = (word ?? "") + String(character)
            }
        }
        guard quote == nil else { return nil }
        if let word { words.append(word) }
        return words
    }
}
