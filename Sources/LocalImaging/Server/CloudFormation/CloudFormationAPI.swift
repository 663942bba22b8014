import Foundation
import FrameEngine
import NIOCore

/// The part of CloudFormation that is answered: stacks are made, described and deleted; nothing is changed in place.
struct CloudFormationAPI: Sendable {
    static let version = "2010-05-15"
    static let namespace = "http://cloudformation.amazonaws.com/doc/2010-05-15/"

    let engine: StackEngine

    func respond(to call: QueryCall, requestID: String, at date: Date) throws(QueryError) -> APIResponse {
        var xml = XMLText()
        try xml.group("\(call.action)Response", namespace: Self.namespace) { xml throws(QueryError) in
            if call.action == "DeleteStack" {
                try deleteStack(call)
            } else {
                try xml.group("\(call.action)Result") { xml throws(QueryError) in
                    try write(call, at: date, to: &xml)
                }
            }
            xml.group("ResponseMetadata") { xml in xml.element("RequestId", requestID) }
        }
        return APIResponse(contentType: "text/xml", body: .bytes(ByteBuffer(string: xml.text)))
    }

    private func write(_ call: QueryCall, at date: Date, to xml: inout XMLText) throws(QueryError) {
        switch call.action {
        case "CreateStack": xml.element("StackId", try createStack(call, at: date))
        case "DescribeStacks": try describeStacks(call, to: &xml)
        case "DescribeStackEvents": try describeEvents(call, to: &xml)
        case "DescribeStackResources": try describeResources(call, to: &xml)
        case "ListStackResources": try listResources(call, to: &xml)
        case "ListStacks": try listStacks(call, to: &xml)
        case "GetTemplate":
            let stack = try stack(call.required("StackName"))
            xml.element("TemplateBody", stack.template)
        case "ValidateTemplate": try validateTemplate(call, to: &xml)
        default:
            throw QueryError(
                code: "InvalidAction",
                message:
                    "the local server does not answer \(call.action.isEmpty ? "a call without Action" : call.action)"
            )
        }
    }

    // MARK: What every action needs

    func stored<Result>(_ body: () throws(StoreError) -> Result) throws(QueryError) -> Result {
        do throws(StoreError) {
            return try body()
        } catch {
            throw QueryError(error)
        }
    }

    /// A stack by name or ARN.
    func stack(_ name: String) throws(QueryError) -> StackRecord {
        guard let stack = try stored({ () throws(StoreError) in try engine.stacks.stack(name) }) else {
            throw .validation("Stack with id \(name) does not exist")
        }
        return stack
    }

    private func template(_ call: QueryCall) throws(QueryError) -> (text: String, Template) {
        guard call["TemplateURL"] == nil else {
            throw .validation("the local server reads no TemplateURL; send the template as TemplateBody")
        }
        guard let text = call["TemplateBody"] else {
            throw .validation("Either Template URL or Template Body must be specified.")
        }
        return (text, try Template(parsing: text))
    }

    // MARK: Actions that change something

    private func createStack(_ call: QueryCall, at date: Date) throws(QueryError) -> String {
        let name = try call.required("StackName")
        let isName = name.utf8.allSatisfy { byte in
            let character = Character(Unicode.Scalar(byte))
            return byte < 0x80 && (character.isLetter || character.isNumber || character == "-")
        }
        guard isName, name.first?.isLetter == true, name.utf8.count <= 128 else {
            throw .validation(
                "1 validation error detected: Value '\(name)' at 'stackName' failed to satisfy constraint: "
                    + "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*")
        }
        let (text, template) = try template(call)
        var given: [String: String] = [:]
        for parameter in call.structures("Parameters", members: ["ParameterKey", "ParameterValue"]) {
            given[parameter["ParameterKey"] ?? ""] = parameter["ParameterValue"] ?? ""
        }
        let values = try template.values(given: given)
        let capabilities = call.list("Capabilities")
        if let needed = template.capability {
            guard capabilities.contains(needed) || capabilities.contains("CAPABILITY_NAMED_IAM") else {
                throw QueryError(
                    code: "InsufficientCapabilitiesException", message: "Requires capabilities : [\(needed)]")
            }
        }
        var stack = StackRecord(
            uuid: UUID().uuidString.lowercased(), arn: "", name: name, description: template.description,
            status: "", createdAt: (date.timeIntervalSince1970 * 1000).rounded(.down) / 1000,
            parameters: values, hidden: template.parameters.filter { $0.value.isHidden }.map(\.key).sorted(),
            capabilities: capabilities, roleARN: call["RoleARN"], clientToken: call["ClientRequestToken"],
            onFailure: try failureAction(call), isProtected: call["EnableTerminationProtection"] == "true",
            template: text)
        for tag in call.structures("Tags", members: ["Key", "Value"]) {
            stack.tags[tag["Key"] ?? ""] = tag["Value"] ?? ""
        }
        let resources = engine.resources
        stack.arn =
            "arn:aws:cloudformation:\(resources.region):\(resources.accountID):stack/\(name)/\(stack.uuid)"
        stack.enter("CREATE_IN_PROGRESS", reason: "User Initiated")
        let record = stack
        if let present = try stored({ () throws(StoreError) in try engine.stacks.add(record) }) {
            if let token = call["ClientRequestToken"], present.clientToken == token { return present.arn }
            throw QueryError(code: "AlreadyExistsException", message: "Stack [\(name)] already exists")
        }
        engine.start(stack.uuid)
        return stack.arn
    }

    private func failureAction(_ call: QueryCall) throws(QueryError) -> StackRecord.FailureAction {
        let isKept = call["DisableRollback"] == "true"
        guard let text = call["OnFailure"] else { return isKept ? .nothing : .rollBack }
        guard call["DisableRollback"] == nil, let action = StackRecord.FailureAction(rawValue: text) else {
            throw .validation(
                "You can specify either DisableRollback or OnFailure: DO_NOTHING, ROLLBACK or DELETE")
        }
        return action
    }

    private func deleteStack(_ call: QueryCall) throws(QueryError) {
        let name = try call.required("StackName")
        // One that is not there is no error.
        guard let stack = try stored({ () throws(StoreError) in try engine.stacks.stack(name) }),
            !stack.isDeleted
        else { return }
        guard !stack.isProtected else {
            throw .validation(
                "Stack [\(stack.name)] cannot be deleted while TerminationProtection is enabled")
        }
        let retained = call.list("RetainResources")
        guard retained.isEmpty || stack.status == "DELETE_FAILED" else {
            throw .validation("RetainResources can only be given for a stack in the state DELETE_FAILED")
        }
        try stored { () throws(StoreError) in
            _ = try engine.stacks.update(stack.uuid) { stack in
                guard stack.status != "DELETE_IN_PROGRESS", !stack.isDeleted else { return }
                stack.retained = retained
                stack.enter("DELETE_IN_PROGRESS", reason: "User Initiated")
            }
        }
        engine.start(stack.uuid)
    }

    private func validateTemplate(_ call: QueryCall, to xml: inout XMLText) throws(QueryError) {
        let (_, template) = try template(call)
        xml.element("Description", template.description)
        xml.group("Parameters") { xml in
            for (name, parameter) in template.parameters.sorted(by: { $0.key < $1.key }) {
                xml.group("member") { xml in
                    xml.element("ParameterKey", name)
                    xml.element("DefaultValue", parameter.defaultValue)
                    xml.element("NoEcho", parameter.isHidden)
                    xml.element("Description", parameter.description)
                }
            }
        }
        if let capability = template.capability {
            xml.group("Capabilities") { xml in xml.element("member", capability) }
            xml.element(
                "CapabilitiesReason", "The following resource(s) require capabilities: [AWS::IAM::Role]")
        }
    }
}
