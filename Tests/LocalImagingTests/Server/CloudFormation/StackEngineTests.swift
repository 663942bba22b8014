import Foundation
import FrameEngine
import Testing

@testable import LocalImaging

@Suite("Stacks")
struct StackEngineTests {
    private let temporary: TemporaryStore
    private let buckets: BucketStore
    private let engine: StackEngine

    init() throws {
        temporary = try TemporaryStore()
        buckets = try BucketStore(opening: temporary.path)
        engine = StackEngine(
            stacks: try StackStore(opening: temporary.path),
            resources: StackResources(
                store: temporary.store, buckets: AllBuckets(own: buckets),
                roles: try RoleStore(opening: temporary.path), region: "us-east-1", accountID: "123456789012")
        )
    }

    private static let template = """
        Resources:
          Store: {Type: "AWS::HealthImaging::Datastore"}
          Bucket: {Type: "AWS::S3::Bucket", DependsOn: Store}
          Role:
            Type: AWS::IAM::Role
            DependsOn: Bucket
            Properties:
              AssumeRolePolicyDocument: {Statement: []}
        Outputs:
          Name: {Value: !Ref Bucket}
        """

    private func added(_ template: String = template, name: String = "stack") throws -> StackRecord {
        let uuid = UUID().uuidString.lowercased()
        var stack = StackRecord(
            uuid: uuid, arn: "arn:\(uuid)", name: name, status: "", createdAt: 1, parameters: [:], hidden: [],
            template: template)
        stack.enter("CREATE_IN_PROGRESS")
        #expect(try engine.stacks.add(stack) == nil)
        return stack
    }

    private func state(_ stack: StackRecord) throws -> StackRecord {
        try #require(try engine.stacks.read(stack.uuid))
    }

    @Test("a stack is made and deleted, and its events tell of each step in order")
    func life() throws {
        let stack = try added()
        try engine.work(on: stack.uuid)
        let made = try state(stack)
        #expect(made.status == "CREATE_COMPLETE")
        #expect(made.resources.map(\.logicalID) == ["Store", "Bucket", "Role"])
        #expect(try made.outputs.map(\.value) == buckets.buckets().map(\.name))
        #expect(made.events.map(\.time) == made.events.map(\.time).sorted())
        try engine.stacks.update(stack.uuid) { $0.enter("DELETE_IN_PROGRESS") }
        try engine.work(on: stack.uuid)
        #expect(try state(stack).status == "DELETE_COMPLETE")
        #expect(try buckets.buckets().isEmpty && temporary.store.datastores().isEmpty)
        #expect(try engine.resources.roles.roles().isEmpty)
        #expect(try engine.stacks.stack("stack") == nil)
        #expect(try engine.stacks.stack(stack.arn)?.isDeleted == true)
    }

    @Test("conditions that name one another many times are computed once", .timeLimit(.minutes(1)))
    func conditions() throws {
        let chain = (0..<30).map { number in
            "  C\(number): !And [!Condition C\(number + 1), !Condition C\(number + 1)]\n"
        }.joined()
        let stack = try added(
            "Conditions:\n\(chain)  C30: !Equals [a, a]\nResources:\n"
                + "  Bucket: {Type: \"AWS::S3::Bucket\", Condition: C0}\n")
        try engine.work(on: stack.uuid)
        #expect(try state(stack).status == "CREATE_COMPLETE")
        #expect(try buckets.buckets().count == 1)
    }

    @Test(
        "functions that make endless texts, or take endless time to make none, fail the stack",
        .timeLimit(.minutes(1)),
        arguments: [
            (nested("x"), true), (nested(""), false),
            (
                "!Join ['\(String(repeating: "x", count: 20_000))', [\(String(repeating: "a,", count: 500)) a]]",
                true
            ),
        ])
    func growth(value: String, isTooLong: Bool) throws {
        let stack = try added(
            "Resources:\n  Bucket: {Type: \"AWS::S3::Bucket\"}\nOutputs:\n  Long: {Value: \(value)}\n")
        try engine.work(on: stack.uuid)
        #expect(try state(stack).status == (isTooLong ? "ROLLBACK_COMPLETE" : "CREATE_COMPLETE"))
        let told = try state(stack).events.contains { $0.reason?.contains("more than 1048576 bytes") == true }
        #expect(told == isTooLong)
    }

    /// A text that stands four times in another, which stands four times in another, and so on.
    private static func nested(_ text: String) -> String {
        (0..<20).reduce("'\(text)'") { value, _ in "!Sub ['${a}${a}${a}${a}', {a: \(value)}]" }
    }

    @Test("a creation that was cut anywhere goes on and makes nothing twice", arguments: 0...5)
    func resumed(_ step: Int) throws {
        let stack = try added()
        try engine.work(on: stack.uuid)
        // As if the notes of the last steps had not been written, though the resources were made.
        try engine.stacks.update(stack.uuid) { stack in
            stack.status = "CREATE_IN_PROGRESS"
            stack.outputs = []
            stack.resources = Array(stack.resources.prefix(step / 2))
            if step % 2 == 1 {
                stack.set(["Store", "Bucket", "Role"][step / 2], type: "x", "CREATE_IN_PROGRESS")
            }
        }
        engine.resume()
        try engine.work(on: stack.uuid)
        #expect(try state(stack).status == "CREATE_COMPLETE")
        #expect(try buckets.buckets().count == 1 && temporary.store.datastores().count == 1)
        #expect(try engine.resources.roles.roles().count == 1)
    }

    @Test("a deletion finds what was made and not noted", arguments: 0..<3)
    func unnoted(_ index: Int) throws {
        let stack = try added()
        try engine.work(on: stack.uuid)
        try engine.stacks.update(stack.uuid) { stack in
            stack.resources[index].status = "CREATE_IN_PROGRESS"
            stack.resources[index].physicalID = nil
            stack.enter("ROLLBACK_IN_PROGRESS")
        }
        try engine.work(on: stack.uuid)
        #expect(try state(stack).status == "ROLLBACK_COMPLETE")
        #expect(try buckets.buckets().isEmpty && temporary.store.datastores().isEmpty)
        #expect(try engine.resources.roles.roles().isEmpty)
    }

    @Test("what a stack retains stays, and a name that is taken is told")
    func retained() throws {
        let stack = try added("Resources: {B: {Type: 'AWS::S3::Bucket', DeletionPolicy: Retain}}")
        try engine.work(on: stack.uuid)
        #expect(try engine.stacks.add(stack)?.uuid == stack.uuid)
        try engine.stacks.update(stack.uuid) { $0.enter("DELETE_IN_PROGRESS") }
        try engine.work(on: stack.uuid)
        #expect(try state(stack).resources.map(\.status) == ["DELETE_SKIPPED"])
        #expect(try buckets.buckets().count == 1)
    }

    @Test("names that a template leaves open are valid, whatever the stack is called")
    func names() throws {
        for name in ["A", "a--", String(repeating: "Z-", count: 60)] {
            var stack = try added(name: name)
            stack.arn = name
            let bucket = StackResources.name(String(repeating: "L", count: 255), of: stack).lowercased()
            #expect(BucketName.isValid(bucket), "\(bucket)")
            #expect(RoleStore.isValid(bucket))
        }
    }

    @Test("a property that nobody knows fails the resource, with its name")
    func strange() throws {
        let stack = try added("Resources: {B: {Type: 'AWS::S3::Bucket', Properties: {Colour: red}}}")
        try engine.work(on: stack.uuid)
        #expect(try state(stack).status == "ROLLBACK_COMPLETE")
        #expect(try state(stack).resources.first?.status == "DELETE_COMPLETE")
        #expect(
            try state(stack).events.contains { $0.reason == "Encountered unsupported property Colour" })
    }

    @Test("several who work on one stack at once make it once")
    func together() async throws {
        let stack = try added()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { [engine] in try engine.work(on: stack.uuid) } }
            try await group.waitForAll()
        }
        #expect(try state(stack).status == "CREATE_COMPLETE")
        #expect(try buckets.buckets().count == 1 && temporary.store.datastores().count == 1)
        #expect(try state(stack).events.count { $0.logicalID == "Bucket" } == 2)
    }
}
