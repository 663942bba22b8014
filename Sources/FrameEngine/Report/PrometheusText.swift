/// Builds Prometheus' text exposition format, version 0.0.4: for each family HELP, TYPE and then its samples, families
/// and samples in a fixed order.
struct PrometheusText {
    /// What follows the family's name, a label of its own, and the value.
    typealias Sample = (suffix: String, label: String, value: String)

    private var families: [(name: String, lines: String)] = []

    /// Adds families of one type.
    mutating func add<Value>(
        _ values: [PrometheusRegistry.Key: Value], type: String, help: [String: String],
        samples: (Value) -> [Sample]
    ) {
        for (name, members) in Dictionary(grouping: values, by: { $0.key.name }) {
            var lines = help[name].map { "# HELP \(name) \(Self.escaped($0, quotes: false))\n" } ?? ""
            lines += "# TYPE \(name) \(type)\n"
            for (key, value) in members.sorted(by: { $0.key.labels < $1.key.labels }) {
                for sample in samples(value) {
                    let labels = [key.labels, sample.label].filter { !$0.isEmpty }.joined(separator: ",")
                    lines += "\(name)\(sample.suffix)\(labels.isEmpty ? "" : "{\(labels)}") \(sample.value)\n"
                }
            }
            families.append((name, lines))
        }
    }

    /// The whole text.
    consuming func finish() -> String {
        families.sorted { $0.name < $1.name }.map(\.lines).joined()
    }

    /// Dimensions as they stand between the braces, sorted by name, so that their order makes no difference.
    static func labels(_ dimensions: [(String, String)]) -> String {
        dimensions.sorted { $0.0 < $1.0 }
            .map { "\($0.0)=\"\(escaped($0.1, quotes: true))\"" }
            .joined(separator: ",")
    }

    /// Whole numbers without a fraction, everything else as Swift writes it, which Go's parser takes.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
        guard let whole = Int(exactly: value), abs(whole) < 1 << 53 else { return "\(value)" }
        return "\(whole)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
