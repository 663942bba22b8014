import Synchronization

@testable import FrameEngine
@testable import ImagingWorkflow

/// CloudFormation and S3 with one stack, for the steps: what each request does is up to the test.
final class FakeStacks: Sendable {
    struct State {
        /// The stack's status at each further question; the last one stays. Empty: there is no stack.
        var statuses: [String] = []
        var outputs = [
            "InputBucketName": "in", "OutputBucketName": "out", "RoleArn": "arn:aws:iam::1:role/r",
            "DatastoreID": "0123",
        ]
        /// The newest first, as the service has them.
        var events: [CloudFormationEvent] = []
        var versions: [String: [S3ObjectVersion]] = [:]
        var deletedKeys: [String] = []
        var createError: ScriptedService.Answer?
        /// The stack's statuses after DeleteStack.
        var statusesAfterDelete = ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]
        var createStatuses = ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    }

    static let id = "arn:aws:cloudformation:us-east-1:123456789012:stack/name/1"
    let state: Mutex<State>

    init(_ state: State = State()) { self.state = Mutex(state) }

    func service() -> ScriptedService {
        ScriptedService { [self] request, _ in
            request.form["Action"].map { cloudFormation($0, request) } ?? s3(request)
        }
    }

    private func cloudFormation(_ action: String, _ request: HTTPRequest) -> ScriptedService.Answer {
        state.withLock { state in
            switch action {
            case "CreateStack":
                if let error = state.createError { return error }
                state.statuses = state.createStatuses
                return .xml(
                    "<CreateStackResponse><CreateStackResult><StackId>\(Self.id)</StackId></CreateStackResult>"
                        + "</CreateStackResponse>")
            case "DeleteStack":
                state.statuses = state.statusesAfterDelete
                return .xml("<DeleteStackResponse/>")
            case "DescribeStackEvents":
                let events = state.events.map(Self.text).joined()
                return .xml(
                    "<DescribeStackEventsResponse><DescribeStackEventsResult><StackEvents>\(events)</StackEvents>"
                        + "</DescribeStackEventsResult></DescribeStackEventsResponse>")
            default:
                guard let status = state.statuses.first else {
                    return .queryError("ValidationError", "Stack with id name does not exist")
                }
                if state.statuses.count > 1 { state.statuses.removeFirst() }
                let outputs = status.hasSuffix("COMPLETE") ? state.outputs : [:]
                let members = outputs.map {
                    "<member><OutputKey>\($0.key)</OutputKey><OutputValue>\($0.value)</OutputValue></member>"
                }.joined()
                return .xml(
                    "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackId>\(Self.id)</StackId>"
                        + "<StackName>name</StackName><StackStatus>\(status)</StackStatus><Outputs>\(members)</Outputs>"
                        + "</member></Stacks></DescribeStacksResult></DescribeStacksResponse>")
            }
        }
    }

    private static func text(_ event: CloudFormationEvent) -> String {
        "<member><EventId>\(event.id)</EventId><LogicalResourceId>\(event.logicalID)</LogicalResourceId>"
            + "<PhysicalResourceId>\(event.physicalID ?? "")</PhysicalResourceId>"
            + "<ResourceType>\(event.resourceType)</ResourceType><ResourceStatus>\(event.status)</ResourceStatus>"
            + "<ResourceStatusReason>\(event.reason ?? "")</ResourceStatusReason>"
            + "<ClientRequestToken>\(event.token ?? "")</ClientRequestToken></member>"
    }

    private func s3(_ request: HTTPRequest) -> ScriptedService.Answer {
        let bucket = (URLParts(request.url)?.path ?? "").split(separator: "/").first.map(String.init) ?? ""
        return state.withLock { state in
            guard let versions = state.versions[bucket] else { return .error("NoSuchBucket", status: 404) }
            if request.url.contains("?delete") {
                let keys =
                    (try? XMLNode(parsing: request.body))?.all("Object").compactMap { $0.text("Key") } ?? []
                state.deletedKeys += keys.map { "\(bucket)/\($0)" }
                state.versions[bucket] = versions.filter { !keys.contains($0.key) }
                return .xml("<DeleteResult/>")
            }
            let entries = versions.map {
                "<Version><Key>\($0.key)</Key><VersionId>\($0.versionID)</VersionId></Version>"
            }.joined()
            return .xml("<ListVersionsResult>\(entries)</ListVersionsResult>")
        }
    }
}
