import Foundation

/// A stack, as the store keeps it, with all that happened to it.
struct StackRecord: Codable, Hashable, Sendable {
    struct Resource: Codable, Hashable, Sendable {
        var logicalID: String
        var type: String
        var status: String
        var reason: String?
        var physicalID: String?
        var attributes: [String: String] = [:]
        /// Seconds since 1970.
        var changedAt: Double
    }

    struct Event: Codable, Hashable, Sendable {
        var id: String
        var logicalID: String
        var physicalID: String?
        var type: String
        /// Seconds since 1970.
        var time: Double
        var status: String
        var reason: String?
    }

    struct Output: Codable, Hashable, Sendable {
        var key: String
        var value: String
        var description: String?
        var exportName: String?
    }

    /// What becomes of a stack that cannot be made.
    enum FailureAction: String, Codable, Sendable {
        case rollBack = "ROLLBACK"
        case delete = "DELETE"
        case nothing = "DO_NOTHING"
    }

    static let type = "AWS::CloudFormation::Stack"

    /// The last part of the ARN, a UUID in lower case.
    var uuid: String
    var arn: String
    var name: String
    var description: String?
    var status: String
    var reason: String?
    /// Seconds since 1970.
    var createdAt: Double
    var deletedAt: Double?
    var parameters: [String: String]
    /// Parameters whose values are not shown.
    var hidden: [String]
    var tags: [String: String] = [:]
    var capabilities: [String] = []
    var roleARN: String?
    var clientToken: String?
    var onFailure = FailureAction.rollBack
    var isProtected = false
    var template: String
    var outputs: [Output] = []
    /// In the order in which they were begun.
    var resources: [Resource] = []
    /// The oldest first.
    var events: [Event] = []
    /// Logical ids that a deletion leaves alone.
    var retained: [String] = []

    /// Whether something is being done to it.
    var isInProgress: Bool { status.hasSuffix("_IN_PROGRESS") }
    var isDeleted: Bool { status == "DELETE_COMPLETE" }

    /// Changes the stack's own state, and tells of it.
    mutating func enter(_ status: String, reason: String? = nil) {
        self.status = status
        self.reason = reason
        tell(
            Event(
                id: "", logicalID: name, physicalID: arn, type: Self.type, time: 0, status: status,
                reason: reason))
    }

    /// Changes the state of a resource, and tells of it.
    mutating func set(
        _ logicalID: String, type: String, _ status: String, reason: String? = nil,
        physicalID: String? = nil, attributes: [String: String]? = nil
    ) {
        let now = BucketRecord.now().timeIntervalSince1970
        let index = resources.firstIndex { $0.logicalID == logicalID }
        var resource =
            index.map { resources[$0] }
            ?? Resource(logicalID: logicalID, type: type, status: status, changedAt: now)
        resource.status = status
        resource.reason = reason
        resource.changedAt = now
        if let physicalID { resource.physicalID = physicalID }
        if let attributes { resource.attributes = attributes }
        if let index { resources[index] = resource } else { resources.append(resource) }
        tell(
            Event(
                id: "", logicalID: logicalID, physicalID: resource.physicalID, type: type, time: 0,
                status: status, reason: reason))
    }

    private mutating func tell(_ event: Event) {
        var event = event
        // Later events have later times, whatever the clock does.
        let now = BucketRecord.now().timeIntervalSince1970
        event.time = max(now, (events.last?.time ?? 0) + 0.001)
        event.id =
            "\(event.logicalID)-\(event.status)-\(WireDates.iso8601(Date(timeIntervalSince1970: event.time)))"
        events.append(event)
    }
}
