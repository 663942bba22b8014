import FrameEngine

/// A call in the query protocol: an action and its parameters, lists as `Name.member.1`.
struct QueryCall: Sendable {
    let action: String
    private let parameters: [String: String]

    /// Parameters of the body come before those of the query.
    init(_ request: APIRequest) {
        let pairs =
            FormFields.pairs(String(decoding: request.body, as: UTF8.self)) + FormFields.pairs(request.query)
        parameters = Dictionary(pairs.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
        action = parameters["Action"] ?? ""
    }

    subscript(_ name: String) -> String? { parameters[name] }

    /// The members of a list of texts.
    func list(_ name: String) -> [String] {
        var values: [String] = []
        while let value = parameters["\(name).member.\(values.count + 1)"] { values.append(value) }
        return values
    }

    /// The members of a list of structures: for each the values of its members that are there.
    func structures(_ name: String, members: [String]) -> [[String: String]] {
        var values: [[String: String]] = []
        while true {
            let prefix = "\(name).member.\(values.count + 1)."
            var value: [String: String] = [:]
            for member in members { value[member] = parameters[prefix + member] }
            if value.isEmpty { return values }
            values.append(value)
        }
    }

    /// A parameter that must be there and not be empty.
    func required(_ name: String) throws(QueryError) -> String {
        guard let value = parameters[name], !value.isEmpty else {
            throw .validation(
                "1 validation error detected: Value at '\(name)' failed to satisfy constraint: "
                    + "Member must not be null")
        }
        return value
    }
}
