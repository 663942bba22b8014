import FrameEngine

/// Calls AWS CloudFormation, or anything that answers like it. A value to copy; any thread.
///
/// Errors are `ServiceError`, `SettingsError`, `CredentialsError`, the transport's, and `CancellationError`.
package struct CloudFormationClient: Sendable {
    /// What CreateStack is asked for.
    package struct Creation: Sendable {
        package var name: String
        /// The template itself, at most 51,200 bytes.
        package var template: String
        package var parameters: [(name: String, value: String)]
        /// Whether the stack may make roles.
        package var makesRoles: Bool
        /// The same token again is the same request: 1 to 128 letters, digits and hyphens.
        package var token: String

        package init(
            name: String, template: String, parameters: [(name: String, value: String)], makesRoles: Bool,
            token: String
        ) {
            self.name = name
            self.template = template
            self.parameters = parameters
            self.makesRoles = makesRoles
            self.token = token
        }
    }

    private let client: AWSClient

    package init(
        transport: any HTTPTransport, settings: AWSSettings, retry: RetryPolicy = RetryPolicy()
    ) {
        client = AWSClient(.cloudFormation, transport: transport, settings: settings, retry: retry)
    }

    /// Asks for a stack.
    ///
    /// - Returns: its id, an ARN. The stack's resources are made from now on.
    /// - Throws: `ServiceError` of kind `.conflict` where a stack of that name exists.
    package func createStack(_ creation: Creation) async throws -> String {
        var form = [
            ("StackName", creation.name), ("TemplateBody", creation.template),
            ("ClientRequestToken", creation.token),
        ]
        for (index, parameter) in creation.parameters.enumerated() {
            form.append(("Parameters.member.\(index + 1).ParameterKey", parameter.name))
            form.append(("Parameters.member.\(index + 1).ParameterValue", parameter.value))
        }
        if creation.makesRoles { form.append(("Capabilities.member.1", "CAPABILITY_IAM")) }
        let root = try await client.query("CreateStack", form)
        guard let id = root["CreateStackResult"]?.text("StackId"), !id.isEmpty else {
            throw Self.unreadable("CreateStack")
        }
        return id
    }

    /// A stack by its name or id; nil where there is none. A deleted stack is found by its id only.
    ///
    /// - Parameter nameOrID: of the form that CloudFormation accepts (`ResourceNames.isStackName`), or an ARN.
    package func stack(_ nameOrID: String) async throws -> CloudFormationStack? {
        do {
            let root = try await client.query("DescribeStacks", [("StackName", nameOrID)])
            guard let node = root["DescribeStacksResult"]?["Stacks"]?.all("member").first else {
                throw Self.unreadable("DescribeStacks")
            }
            return try CloudFormationStack(node)
        } catch let error as ServiceError where Self.meansNoStack(error) {
            return nil
        }
    }

    /// A page of a stack's events, the newest first, and the token of the next page.
    ///
    /// - Returns: nil where there is no such stack.
    package func stackEvents(
        of nameOrID: String, token: String? = nil
    ) async throws -> (events: [CloudFormationEvent], next: String?)? {
        do {
            let root = try await client.query(
                "DescribeStackEvents",
                [("StackName", nameOrID)] + (token.map { [("NextToken", $0)] } ?? []))
            guard let result = root["DescribeStackEventsResult"], let list = result["StackEvents"] else {
                throw Self.unreadable("DescribeStackEvents")
            }
            let next = result.text("NextToken").flatMap { $0.isEmpty ? nil : $0 }
            return (list.all("member").map(CloudFormationEvent.init), next)
        } catch let error as ServiceError where Self.meansNoStack(error) {
            return nil
        }
    }

    /// The events of a stack, the newest first, back to the one that `isLast` says yes to, it included.
    package func stackEvents(
        of nameOrID: String, until isLast: (CloudFormationEvent) -> Bool
    ) async throws -> [CloudFormationEvent] {
        var found: [CloudFormationEvent] = []
        var token: String?
        var tokens = PageTokens(operation: "DescribeStackEvents")
        repeat {
            guard let page = try await stackEvents(of: nameOrID, token: token) else { break }
            if let end = page.events.firstIndex(where: isLast) { return found + page.events[...end] }
            found += page.events
            token = try tokens.next(after: page.next)
        } while token != nil
        return found
    }

    /// Asks for a stack to be deleted. One that does not exist is a success.
    package func deleteStack(_ nameOrID: String, token: String) async throws {
        _ = try await client.query(
            "DeleteStack", [("StackName", nameOrID), ("ClientRequestToken", token)])
    }

    /// The service has no word of its own for a stack that does not exist: names are checked before they are sent, so
    /// nothing else of the request can be invalid.
    private static func meansNoStack(_ error: ServiceError) -> Bool {
        error.status == 400 && error.awsCode == "ValidationError"
    }

    private static func unreadable(_ operation: String) -> ServiceError {
        .unreadable(operation, status: 200, "is not \(operation)'s")
    }
}
