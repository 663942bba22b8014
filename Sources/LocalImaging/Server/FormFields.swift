import FrameEngine

/// Names and values in the form of HTML forms (`application/x-www-form-urlencoded`): the bodies of the query protocol.
enum FormFields {
    /// Every pair in order, decoded.
    static func pairs(_ text: String) -> [(key: String, value: String)] {
        text.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (decoded(parts[0]), parts.count == 2 ? decoded(parts[1]) : "")
        }
    }

    private static func decoded(_ text: Substring) -> String {
        APIRequest.decoded(text.replacing("+", with: " "))
    }
}
