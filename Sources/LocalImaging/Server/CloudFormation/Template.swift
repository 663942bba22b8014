import Foundation

/// A CloudFormation template, checked as far as that can be done before anything is made.
struct Template: Sendable {
    struct Parameter: Sendable {
        let type: String
        let defaultValue: String?
        let isHidden: Bool
        let description: String?
        /// The other members: `AllowedPattern`, `MinLength`…
        let rules: [String: TemplateValue]
    }

    struct Resource: Sendable {
        let type: String
        let properties: TemplateValue
        let dependsOn: [String]
        let condition: String?
        /// Whether it stays when its stack goes.
        let isRetained: Bool
    }

    struct Output: Sendable {
        let value: TemplateValue
        let description: String?
        let exportName: TemplateValue?
        let condition: String?
    }

    /// Bytes of a template in a request (CloudFormation user guide, "Quotas").
    static let limitInBytes = 51_200

    let description: String?
    let parameters: [String: Parameter]
    let conditions: [String: TemplateValue]
    let mappings: [String: TemplateValue]
    let resources: [String: Resource]
    let outputs: [String: Output]
    /// Logical ids, each behind all that it refers to; by name where that leaves a choice.
    let order: [String]

    init(parsing text: String) throws(QueryError) {
        guard (1...Self.limitInBytes).contains(text.utf8.count) else {
            throw .validation(
                "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must "
                    + "have length less than or equal to \(Self.limitInBytes)")
        }
        guard let root = try TemplateValue(parsing: text).map else {
            throw TemplateValue.malformed("unsupported structure.")
        }
        let known: Set = [
            "AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings", "Conditions",
            "Resources", "Outputs", "Rules",
        ]
        for key in root.keys.sorted() where !known.contains(key) {
            throw .validation("Invalid template property or properties [\(key)]")
        }
        func section(_ name: String) throws(QueryError) -> [String: TemplateValue] {
            guard let value = root[name] else { return [:] }
            guard let map = value.map else { throw TemplateValue.malformed("\(name) must be a map") }
            return map
        }
        description = root["Description"]?.text
        var parameters: [String: Parameter] = [:]
        for (name, value) in try section("Parameters") { parameters[name] = try Self.parameter(name, value) }
        var resources: [String: Resource] = [:]
        for (name, value) in try section("Resources") { resources[name] = try Self.resource(name, value) }
        guard !resources.isEmpty else {
            throw TemplateValue.malformed("At least one Resources member must be defined.")
        }
        var outputs: [String: Output] = [:]
        for (name, value) in try section("Outputs") { outputs[name] = try Self.output(name, value) }
        self.parameters = parameters
        self.resources = resources
        self.outputs = outputs
        conditions = try section("Conditions")
        mappings = try section("Mappings")
        let unknown = Set(resources.values.map(\.type)).subtracting(ResourceKind.allCases.map(\.rawValue))
        guard unknown.isEmpty else {
            throw TemplateValue.malformed(
                "Unrecognized resource types: [\(unknown.sorted().joined(separator: ", "))]")
        }
        order = try Self.order(of: resources, parameters: Set(parameters.keys))
        try Self.checkOutputs(outputs, names: Set(resources.keys).union(parameters.keys))
    }

    /// What the caller must agree to (CloudFormation user guide, "Acknowledging IAM resources").
    var capability: String? {
        let roles = resources.values.filter { $0.type == ResourceKind.role.rawValue }
        if roles.contains(where: { $0.properties.map?["RoleName"] != nil }) { return "CAPABILITY_NAMED_IAM" }
        return roles.isEmpty ? nil : "CAPABILITY_IAM"
    }

    // MARK: Sections

    private static func parameter(_ name: String, _ value: TemplateValue) throws(QueryError) -> Parameter {
        guard let map = value.map, let type = map["Type"]?.text else {
            throw TemplateValue.malformed("Every Parameters object must contain a Type member.")
        }
        guard ["String", "Number", "CommaDelimitedList", "List<Number>"].contains(type) else {
            throw TemplateValue.malformed("Unrecognized parameter type: \(type)")
        }
        return Parameter(
            type: type, defaultValue: map["Default"]?.text, isHidden: map["NoEcho"]?.text == "true",
            description: map["Description"]?.text, rules: map)
    }

    private static func resource(_ name: String, _ value: TemplateValue) throws(QueryError) -> Resource {
        guard (1...255).contains(name.utf8.count),
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) })
        else {
            throw TemplateValue.malformed("Resource name \(name) is non alphanumeric.")
        }
        guard let map = value.map, let type = map["Type"]?.text else {
            throw TemplateValue.malformed(
                "[/Resources/\(name)] Every Resources object must contain a Type member.")
        }
        let dependsOn =
            map["DependsOn"].map { $0.text.map { [$0] } ?? $0.list?.compactMap(\.text) ?? [] } ?? []
        let policy = map["DeletionPolicy"]?.text ?? "Delete"
        guard ["Delete", "Retain", "RetainExceptOnCreate"].contains(policy) else {
            throw TemplateValue.malformed("Unrecognized DeletionPolicy \(policy) for resource \(name)")
        }
        return Resource(
            type: type, properties: map["Properties"] ?? .map([:]), dependsOn: dependsOn,
            condition: map["Condition"]?.text, isRetained: policy != "Delete")
    }

    private static func output(_ name: String, _ value: TemplateValue) throws(QueryError) -> Output {
        guard let map = value.map, let result = map["Value"] else {
            throw TemplateValue.malformed("Output \(name) must have a Value")
        }
        return Output(
            value: result, description: map["Description"]?.text, exportName: map["Export"]?.map?["Name"],
            condition: map["Condition"]?.text)
    }

    // MARK: References

    private static func order(
        of resources: [String: Resource], parameters: Set<String>
    ) throws(QueryError) -> [String] {
        var needs: [String: Set<String>] = [:]
        var unresolved: Set<String> = []
        for (name, resource) in resources {
            let named = resource.properties.references.union(resource.dependsOn)
            unresolved.formUnion(named.subtracting(parameters).subtracting(resources.keys))
            needs[name] = named.intersection(resources.keys)
        }
        unresolved = unresolved.filter { !$0.hasPrefix("AWS::") }
        guard unresolved.isEmpty else {
            throw TemplateValue.malformed(
                "Unresolved resource dependencies [\(unresolved.sorted().joined(separator: ", "))] in the "
                    + "Resources block of the template")
        }
        var order: [String] = []
        while order.count < resources.count {
            let ready = needs.filter { $0.value.isEmpty }.keys.sorted()
            guard let next = ready.first else {
                throw .validation(
                    "Circular dependency between resources: [\(needs.keys.sorted().joined(separator: ", "))]")
            }
            order.append(next)
            needs[next] = nil
            for name in needs.keys { needs[name]?.remove(next) }
        }
        return order
    }

    private static func checkOutputs(_ outputs: [String: Output], names: Set<String>) throws(QueryError) {
        for (_, output) in outputs {
            let missing = output.value.references.subtracting(names).filter { !$0.hasPrefix("AWS::") }
            guard missing.isEmpty else {
                throw TemplateValue.malformed(
                    "Unresolved resource dependencies [\(missing.sorted().joined(separator: ", "))] in the "
                        + "Outputs block of the template")
            }
        }
    }
}

extension TemplateValue {
    /// The names of parameters, resources and pseudo parameters that this refers to.
    var references: Set<String> {
        switch self {
        case .text: return []
        case .list(let values): return values.reduce(into: []) { $0.formUnion($1.references) }
        case .map(let values): return values.values.reduce(into: []) { $0.formUnion($1.references) }
        case .call("Ref", .text(let name)): return [name]
        case .call("Condition", _): return []
        case .call("Fn::GetAtt", .list(let path)): return path.first?.text.map { [$0] } ?? []
        case .call("Fn::If", .list(let branches)):
            return branches.dropFirst().reduce(into: []) { $0.formUnion($1.references) }
        case .call("Fn::Sub", .text(let text)):
            return Set(Substitution.names(in: text).map(Substitution.resource))
        case .call("Fn::Sub", .list(let arguments)):
            let own = arguments.dropFirst().first?.map ?? [:]
            let names = Substitution.names(in: arguments.first?.text ?? "").filter { own[$0] == nil }
            return own.values.reduce(into: Set(names.map(Substitution.resource))) {
                $0.formUnion($1.references)
            }
        case .call(_, let argument): return argument.references
        }
    }
}

/// The variables of `Fn::Sub`: `${Name}`, `${Name.Attribute}`, and `${!Literal}`, which is none.
enum Substitution {
    /// Names within `${…}`, in order.
    static func names(in text: String) -> [String] {
        pieces(of: text).compactMap { piece in
            guard case .name(let name) = piece else { return nil }
            return name
        }
    }

    enum Piece {
        case text(Substring)
        case name(String)
    }

    static func pieces(of text: String) -> [Piece] {
        var pieces: [Piece] = []
        var rest = text[...]
        while let start = rest.range(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
            pieces.append(.text(rest[..<start.lowerBound]))
            let name = rest[start.upperBound..<end]
            if name.hasPrefix("!") {
                pieces.append(.text("${" + name.dropFirst() + "}"))
            } else {
                pieces.append(.name(name.trimmingBlanks))
            }
            rest = rest[rest.index(after: end)...]
        }
        pieces.append(.text(rest))
        return pieces
    }

    /// The resource or parameter of a name that may have an attribute behind a dot.
    static func resource(_ name: String) -> String {
        name.split(separator: ".", maxSplits: 1).first.map(String.init) ?? name
    }
}
