import FrameEngine

/// A stack as DescribeStacks tells of it.
package struct CloudFormationStack: Hashable, Sendable {
    /// An ARN.
    package let id: String
    package let name: String
    /// Such as `CREATE_COMPLETE`. The set is open.
    package let status: String
    package let statusReason: String?
    package let outputs: [String: String]

    package init(
        id: String, name: String, status: String, statusReason: String? = nil, outputs: [String: String] = [:]
    ) {
        self.id = id
        self.name = name
        self.status = status
        self.statusReason = statusReason
        self.outputs = outputs
    }

    init(_ node: XMLNode) throws(ServiceError) {
        guard let id = node.text("StackId"), let name = node.text("StackName"),
            let status = node.text("StackStatus")
        else { throw .unreadable("DescribeStacks", status: 200, "has a stack without id, name or status") }
        self.init(
            id: id, name: name, status: status, statusReason: node.text("StackStatusReason"),
            outputs: Dictionary(
                (node["Outputs"]?.all("member") ?? []).compactMap { output in
                    output.text("OutputKey").map { ($0, output.text("OutputValue") ?? "") }
                }, uniquingKeysWith: { first, _ in first }))
    }

    /// Whether CloudFormation still works on the stack.
    package var isInProgress: Bool { status.hasSuffix("_IN_PROGRESS") && status != "REVIEW_IN_PROGRESS" }

    /// Whether all of the stack's resources are there, made or updated or taken back to what they were.
    package var isComplete: Bool {
        [
            "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE",
            "IMPORT_ROLLBACK_COMPLETE",
        ].contains(status)
    }
}

/// Something that happened to a stack or to one of its resources.
package struct CloudFormationEvent: Hashable, Sendable {
    package let id: String
    /// The resource's name in the template; the stack's name for the stack itself.
    package let logicalID: String
    /// What the resource is called in the world, such as a bucket's name; nil before it has one.
    package let physicalID: String?
    /// Such as `AWS::S3::Bucket`.
    package let resourceType: String
    /// Such as `CREATE_FAILED`. The set is open.
    package let status: String
    package let reason: String?
    /// The token of the request that set it off.
    package let token: String?

    package init(
        id: String, logicalID: String, physicalID: String? = nil, resourceType: String, status: String,
        reason: String? = nil, token: String? = nil
    ) {
        self.id = id
        self.logicalID = logicalID
        self.physicalID = physicalID
        self.resourceType = resourceType
        self.status = status
        self.reason = reason
        self.token = token
    }

    init(_ node: XMLNode) {
        let filled = { (name: String) in node.text(name).flatMap { $0.isEmpty ? nil : $0 } }
        self.init(
            id: node.text("EventId") ?? "", logicalID: node.text("LogicalResourceId") ?? "",
            physicalID: filled("PhysicalResourceId"), resourceType: node.text("ResourceType") ?? "",
            status: node.text("ResourceStatus") ?? "", reason: filled("ResourceStatusReason"),
            token: filled("ClientRequestToken"))
    }

    /// Whether it is about the stack itself.
    package var isOfStack: Bool { resourceType == "AWS::CloudFormation::Stack" }
}
