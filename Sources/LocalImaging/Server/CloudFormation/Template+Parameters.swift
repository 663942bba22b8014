import Foundation

extension Template {
    /// The value of every parameter: as given, or its default.
    ///
    /// - Throws: `ValidationError` as CloudFormation words it.
    func values(given: [String: String]) throws(QueryError) -> [String: String] {
        let strange = Set(given.keys).subtracting(parameters.keys)
        guard strange.isEmpty else {
            throw .validation(
                "Parameters: [\(strange.sorted().joined(separator: ", "))] do not exist in the template")
        }
        var values: [String: String] = [:]
        var missing: [String] = []
        for (name, parameter) in parameters {
            if let value = given[name] ?? parameter.defaultValue {
                values[name] = value
            } else {
                missing.append(name)
            }
        }
        guard missing.isEmpty else {
            throw .validation("Parameters: [\(missing.sorted().joined(separator: ", "))] must have values")
        }
        for (name, value) in values {
            guard let parameter = parameters[name] else { continue }
            let items =
                parameter.type == "String" || parameter.type == "Number"
                ? [value] : value.split(separator: ",").map(\.trimmingBlanks)
            for item in items { try parameter.check(item, name: name) }
        }
        return values
    }
}

extension Template.Parameter {
    func check(_ value: String, name: String) throws(QueryError) {
        func fail(_ rule: String) -> QueryError {
            guard let words = rules["ConstraintDescription"]?.text else {
                return .validation("Parameter '\(name)' must \(rule)")
            }
            return .validation("Parameter '\(name)' failed to satisfy constraint: \(words)")
        }
        if type == "Number" || type == "List<Number>" {
            guard let number = Double(value) else { throw fail("be a number.") }
            if let least = bound("MinValue"), number < least {
                throw fail("be a number not less than \(least)")
            }
            if let most = bound("MaxValue"), number > most {
                throw fail("be a number not greater than \(most)")
            }
        }
        if let least = bound("MinLength"), Double(value.count) < least {
            throw fail("contain at least \(Int(least)) characters")
        }
        if let most = bound("MaxLength"), Double(value.count) > most {
            throw fail("contain at most \(Int(most)) characters")
        }
        if let allowed = rules["AllowedValues"]?.list, !allowed.contains(.text(value)) {
            throw fail("be one of AllowedValues")
        }
        if let pattern = rules["AllowedPattern"]?.text {
            guard (try? NSRegularExpression(pattern: pattern)) != nil,
                let regex = try? NSRegularExpression(pattern: "(?:\(pattern))\\z")
            else {
                throw TemplateValue.malformed("the AllowedPattern of \(name) is not a regular expression")
            }
            guard Self.matches(value, regex) else { throw fail("match pattern \(pattern)") }
        }
    }

    /// Whether the text matches from its start. A pattern that tries out too much, as `(a+)+` can, is given up.
    private static func matches(_ text: String, _ regex: NSRegularExpression) -> Bool {
        var isMatch = false
        var reports = 0
        regex.enumerateMatches(
            in: text, options: [.reportProgress, .anchored], range: NSRange(text.startIndex..., in: text)
        ) { match, _, stop in
            isMatch = isMatch || match != nil
            reports += 1
            // Once every some thousand steps.
            if isMatch || reports > 100 { stop.pointee = true }
        }
        return isMatch
    }

    private func bound(_ rule: String) -> Double? {
        rules[rule]?.text.flatMap(Double.init).flatMap { $0.magnitude < 1e15 ? $0 : nil }
    }
}
