import Foundation

/// What the functions of a template are computed from.
struct TemplateScope {
    let template: Template
    /// Values of all parameters, checked.
    let parameters: [String: String]
    /// `AWS::Region` and the like.
    let pseudoParameters: [String: String]
    /// What has been made so far, by logical id.
    var made: [String: StackRecord.Resource] = [:]

    /// The longest text that functions may make, in bytes: a few kilobytes of template can ask for terabytes.
    private static let textLimitInBytes = 1 << 20
    /// Shared by copies of a scope, which differ in what has been made: conditions do not see that.
    private let conditions = KnownConditions()

    /// Conditions that have been computed. Each may name others twice, so that without this the work doubles with each.
    private final class KnownConditions {
        var holds: [String: Bool] = [:]
    }

    init(template: Template, parameters: [String: String], pseudoParameters: [String: String]) {
        self.template = template
        self.parameters = parameters
        self.pseudoParameters = pseudoParameters
    }

    /// A property that is `AWS::NoValue` counts as absent.
    static let noValue = "AWS::NoValue"

    /// The value without functions; nil for no value.
    func value(_ value: TemplateValue) throws(QueryError) -> TemplateValue? {
        switch value {
        case .text: return value
        case .list(let items):
            var values: [TemplateValue] = []
            for item in items { if let value = try self.value(item) { values.append(value) } }
            return .list(values)
        case .map(let items):
            var values: [String: TemplateValue] = [:]
            for (key, item) in items { values[key] = try self.value(item) }
            return .map(values)
        case .call(let name, let argument): return try call(name, argument)
        }
    }

    /// The value, which must be text.
    func text(_ value: TemplateValue) throws(QueryError) -> String {
        guard let text = try self.value(value)?.text else {
            throw TemplateValue.malformed("a text is expected where there is none")
        }
        try Self.checkLength(text.utf8.count)
        return text
    }

    private static func checkLength(_ count: Int) throws(QueryError) {
        guard count <= textLimitInBytes else {
            throw TemplateValue.malformed("functions make a text of more than \(textLimitInBytes) bytes")
        }
    }

    func holds(condition name: String, depth: Int = 0) throws(QueryError) -> Bool {
        if let known = conditions.holds[name] { return known }
        guard let condition = template.conditions[name], depth < 32 else {
            throw TemplateValue.malformed("Unresolved condition \(name)")
        }
        let result = try holds(condition, depth: depth + 1)
        conditions.holds[name] = result
        return result
    }

    private func holds(_ value: TemplateValue, depth: Int) throws(QueryError) -> Bool {
        switch value {
        case .call("Condition", .text(let name)): return try holds(condition: name, depth: depth)
        case .map(let map):
            guard map.count == 1, let name = map["Condition"]?.text else { break }
            return try holds(condition: name, depth: depth)
        case .call("Fn::Equals", .list(let sides)) where sides.count == 2:
            return try self.value(sides[0]) == self.value(sides[1])
        case .call("Fn::Not", .list(let items)) where items.count == 1:
            return try !holds(items[0], depth: depth)
        case .call("Fn::And", .list(let items)):
            for item in items where try !holds(item, depth: depth) { return false }
            return true
        case .call("Fn::Or", .list(let items)):
            for item in items where try holds(item, depth: depth) { return true }
            return false
        default: break
        }
        throw TemplateValue.malformed("Every Condition member must be a boolean function.")
    }

    private func call(_ name: String, _ argument: TemplateValue) throws(QueryError) -> TemplateValue? {
        switch (name, argument) {
        case ("Ref", .text(let name)): return try reference(name)
        case ("Fn::GetAtt", .list(let path)) where path.count == 2:
            return .text(try attribute(try text(path[1]), of: path[0].text ?? ""))
        case ("Fn::Sub", .text(let text)): return .text(try substituted(text, [:]))
        case ("Fn::Sub", .list(let arguments)) where arguments.count == 2:
            return .text(try substituted(arguments[0].text ?? "", arguments[1].map ?? [:]))
        case ("Fn::Join", .list(let arguments)) where arguments.count == 2:
            let delimiter = arguments[0].text ?? ""
            var texts: [String] = []
            var length = 0
            for item in try self.value(arguments[1])?.list ?? [] {
                texts.append(try text(item))
                length += delimiter.utf8.count + (texts.last?.utf8.count ?? 0)
                try Self.checkLength(length)
            }
            return .text(texts.joined(separator: delimiter))
        case ("Fn::Split", .list(let arguments)) where arguments.count == 2:
            let delimiter = arguments[0].text ?? ""
            guard !delimiter.isEmpty else { break }
            return .list(try text(arguments[1]).components(separatedBy: delimiter).map { .text($0) })
        case ("Fn::Select", .list(let arguments)) where arguments.count == 2:
            let index = Int(try text(arguments[0]))
            let items = try self.value(arguments[1])?.list ?? []
            guard let index, items.indices.contains(index) else {
                throw TemplateValue.malformed("Fn::Select cannot select a value that does not exist")
            }
            return items[index]
        case ("Fn::If", .list(let branches)) where branches.count == 3:
            return try value(branches[holds(condition: branches[0].text ?? "") ? 1 : 2])
        case ("Fn::FindInMap", .list(let path)) where path.count == 3:
            let keys = (try text(path[0]), try text(path[1]), try text(path[2]))
            guard let found = template.mappings[keys.0]?.map?[keys.1]?.map?[keys.2] else {
                throw .validation("Template error: Unable to get mapping for \(keys.0)::\(keys.1)::\(keys.2)")
            }
            return found
        case ("Fn::Base64", _): return .text(Data(try text(argument).utf8).base64EncodedString())
        default: break
        }
        throw TemplateValue.malformed("the function \(name) is not known here or has the wrong arguments")
    }

    private func reference(_ name: String) throws(QueryError) -> TemplateValue? {
        if name == Self.noValue { return nil }
        if let value = parameters[name] {
            guard let type = template.parameters[name]?.type, type != "String", type != "Number" else {
                return .text(value)
            }
            return .list(value.split(separator: ",").map { .text($0.trimmingBlanks) })
        }
        if let value = pseudoParameters[name] { return .text(value) }
        guard let id = made[name]?.physicalID else {
            throw .validation("Template error: \(name) has no value: its resource was not made")
        }
        return .text(id)
    }

    private func attribute(_ name: String, of resource: String) throws(QueryError) -> String {
        guard let value = made[resource]?.attributes[name] else {
            throw .validation(
                "Template error: resource \(resource) does not support attribute type \(name) in Fn::GetAtt")
        }
        return value
    }

    private func substituted(_ text: String, _ own: [String: TemplateValue]) throws(QueryError) -> String {
        var result = ""
        // Each once, however often the text names it: values may hold such texts themselves.
        var known: [String: String] = [:]
        for piece in Substitution.pieces(of: text) {
            switch piece {
            case .text(let text): result += text
            case .name(let name):
                if let text = known[name] {
                    result += text
                } else if let value = own[name] {
                    let text = try self.text(value)
                    known[name] = text
                    result += text
                } else if let dot = name.firstIndex(of: ".") {
                    result += try attribute(String(name[name.index(after: dot)...]), of: String(name[..<dot]))
                } else {
                    result += try reference(name)?.text ?? ""
                }
            }
            try Self.checkLength(result.utf8.count)
        }
        return result
    }
}
