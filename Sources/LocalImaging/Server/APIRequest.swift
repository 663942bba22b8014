import FrameEngine

/// A request as it came over the wire, whatever the HTTP version. The host decides nothing but the signature.
struct APIRequest: Sendable {
    var method: String
    /// Percent-encoded, without the query.
    var path: String
    /// Percent-encoded, without the question mark; empty when there is none.
    var query: String
    /// Every field, `host` included.
    var fields: [HTTPField]
    var body: [UInt8]

    init(method: String, target: String, fields: [HTTPField] = [], body: [UInt8] = []) {
        self.method = method
        let mark = target.firstIndex(of: "?")
        path = mark.map { String(target[..<$0]) } ?? target
        query = mark.map { String(target[target.index(after: $0)...]) } ?? ""
        self.fields = fields
        self.body = body
    }

    /// The first field of that name, which must be lower case.
    func field(_ name: String) -> String? {
        fields.first { $0.name.utf8.count == name.utf8.count && $0.name.lowercased() == name }?.value
    }

    /// Every value of a query parameter, decoded, in order.
    func parameters(_ name: String) -> [String] {
        guard !query.isEmpty else { return [] }
        return query.split(separator: "&").compactMap { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard Self.decoded(parts[0]) == name else { return nil }
            return parts.count == 2 ? Self.decoded(parts[1]) : ""
        }
    }

    /// The value of a query parameter that may stand once.
    func parameter(_ name: String) throws(APIError) -> String? {
        let values = parameters(name)
        guard values.count <= 1 else { throw .validation("\(name) was given more than once") }
        return values.first
    }

    static func decoded(_ text: some StringProtocol) -> String {
        String(decoding: PercentEncoding.decode(text), as: UTF8.self)
    }
}
