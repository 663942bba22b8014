import CCurl

/// The header fields of a request as curl's list. The receiver of `list` frees it with `curl_slist_free_all`.
struct HeaderList {
    private(set) var list: UnsafeMutablePointer<curl_slist>?
    /// False when memory ran out on the way.
    private(set) var isComplete = true

    /// Fields that curl would add unasked: suppressed unless the request brings them. `Expect` costs a round trip;
    /// a made-up `Content-Type` would be wrong; `Accept` would say what the request did not.
    private static let suppressed = ["Accept", "Content-Type", "Expect"]

    init(_ request: HTTPRequest) {
        var missing = Self.suppressed
        for field in request.fields {
            let name = field.name.lowercased()
            // The body's length is curl's to state.
            if name == "content-length" { continue }
            missing.removeAll { $0.lowercased() == name }
            // "Name;" is curl's way to write a field without a value; "Name:" would remove it.
            add(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        for name in missing { add("\(name):") }
    }

    private mutating func add(_ line: String) {
        guard isComplete else { return }
        guard let longer = curl_slist_append(list, line) else {
            isComplete = false
            return
        }
        list = longer
    }
}
