import Testing

@testable import FrameEngine
@testable import ImagingWorkflow

@Suite struct CloudFormationClientTests {
    private static func client(_ service: ScriptedService) throws -> CloudFormationClient {
        CloudFormationClient(
            transport: service, settings: try TestSettings.aws(region: "eu-west-1"), retry: TestSettings.retry
        )
    }

    private static func events(_ ids: ClosedRange<Int>, next: String?) -> ScriptedService.Answer {
        let members = ids.reversed().map {
            "<member><EventId>e\($0)</EventId><ResourceType>AWS::S3::Bucket</ResourceType></member>"
        }
        return .xml(
            "<DescribeStackEventsResponse><DescribeStackEventsResult><StackEvents>\(members.joined())</StackEvents>"
                + (next.map { "<NextToken>\($0)</NextToken>" } ?? "")
                + "</DescribeStackEventsResult></DescribeStackEventsResponse>")
    }

    @Test("Calls go to the region's own endpoint, signed for CloudFormation, with its version")
    func endpoint() async throws {
        let service = ScriptedService([.xml("<DeleteStackResponse/>")])
        try await Self.client(service).deleteStack("name", token: "t")
        let request = try #require(service.requests.first)
        #expect(request.url == "https://cloudformation.eu-west-1.amazonaws.com/")
        #expect(request.form["Version"] == "2010-05-15")
        #expect(request.form["StackName"] == "name")
        #expect(request.form["ClientRequestToken"] == "t")
        #expect(request.field("authorization")?.contains("/eu-west-1/cloudformation/") == true)
    }

    @Test("Events are read page by page, back to the one that is asked for and no further")
    func eventPages() async throws {
        let service = ScriptedService([
            Self.events(5...8, next: "more"), Self.events(1...4, next: "even more"),
        ])
        let events = try await Self.client(service).stackEvents(of: "name") { $0.id == "e3" }
        #expect(events.map(\.id) == ["e8", "e7", "e6", "e5", "e4", "e3"])
        #expect(service.requests.map { $0.form["NextToken"] } == [nil, "more"])
    }

    @Test("Pages that go round in a circle end in an error")
    func endlessPages() async throws {
        let service = ScriptedService([Self.events(1...2, next: "again")])
        await #expect(throws: ServiceError.self) {
            try await Self.client(service).stackEvents(of: "name") { _ in false }
        }
    }

    @Test("A stack that is not there is nil; any other error is thrown")
    func absent() async throws {
        let client = try Self.client(ScriptedService([.queryError("ValidationError")]))
        #expect(try await client.stack("name") == nil)
        #expect(try await client.stackEvents(of: "name") == nil)
        let denied = try Self.client(ScriptedService([.queryError("AccessDenied", status: 403)]))
        let error = await #expect(throws: ServiceError.self) { try await denied.stack("name") }
        #expect(error?.kind == .credentials)
    }

    @Test(
        "What is no answer of the operation is an error",
        arguments: [
            "<html/>", "<DescribeStacksResponse/>",
            "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackId>i</StackId></member></Stacks>"
                + "</DescribeStacksResult></DescribeStacksResponse>",
        ])
    func strange(body: String) async throws {
        let client = try Self.client(ScriptedService([.xml(body)]))
        await #expect(throws: ServiceError.self) { try await client.stack("name") }
    }

    @Test("An error in EC2's form is read like the others")
    func otherForm() async throws {
        let body =
            "<Response><Errors><Error><Code>AccessDenied</Code><Message>may not</Message></Error></Errors></Response>"
        let client = try Self.client(ScriptedService([.xml(body, status: 403)]))
        let error = await #expect(throws: ServiceError.self) { try await client.stack("name") }
        #expect(error?.awsCode == "AccessDenied")
        #expect(error?.message.contains("may not") == true)
    }
}
