import Synchronization
import Testing

@testable import FrameEngine
@testable import ImagingWorkflow

@Suite struct StackStepTests {
    private static let wanted = StackStep.Wanted(
        name: "name", datastoreName: "store", accountID: "123456789012", token: "token-1")

    private static func event(
        _ id: String, _ logicalID: String, _ type: String, _ status: String, reason: String? = nil,
        physicalID: String? = nil, token: String? = nil
    ) -> CloudFormationEvent {
        CloudFormationEvent(
            id: id, logicalID: logicalID, physicalID: physicalID, resourceType: type, status: status,
            reason: reason, token: token)
    }

    private static let began = event(
        "1", "name", "AWS::CloudFormation::Stack", "CREATE_IN_PROGRESS", token: "token-1")

    @Test(
        "A stack is asked for with template, parameters, the right to make a role and the token; then followed"
    )
    func creates() async throws {
        let fake = FakeStacks()
        fake.state.withLock {
            $0.events = [Self.event("2", "InputBucket", "AWS::S3::Bucket", "CREATE_COMPLETE"), Self.began]
        }
        let service = fake.service()
        let told = Mutex<[StackStep.Progress]>([])
        let created = try await TestSettings.stackStep(service).create(Self.wanted) { progress in
            told.withLock { $0.append(progress) }
        }
        #expect(!created.isReused)
        #expect(created.outputs.inputBucket == "in")
        #expect(created.outputs.outputBucket == "out")
        #expect(created.outputs.roleARN == "arn:aws:iam::1:role/r")
        #expect(created.outputs.datastoreID == "0123")
        let form = try #require(service.requests.first).form
        #expect(form["Action"] == "CreateStack")
        #expect(form["TemplateBody"] == StackTemplate.healthImaging)
        #expect(form["ClientRequestToken"] == "token-1")
        #expect(form["Capabilities.member.1"] == "CAPABILITY_IAM")
        #expect(form["Parameters.member.1.ParameterKey"] == "datastoreName")
        #expect(form["Parameters.member.1.ParameterValue"] == "store")
        #expect(form["Parameters.member.2.ParameterKey"] == "userAccountID")
        #expect(form["Parameters.member.2.ParameterValue"] == "123456789012")
        let events = told.withLock { $0 }
        #expect(events.filter { if case .event = $0 { true } else { false } }.count == 2, "each event once")
        #expect(events.first == .event(Self.began))
        #expect(events.last == .status("CREATE_COMPLETE"))
    }

    @Test(
        "A stack that rolls back is an error with what failed first, not with what was cancelled because of it"
    )
    func rollsBack() async throws {
        let fake = FakeStacks()
        fake.state.withLock { state in
            state.createStatuses = ["CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]
            state.events = [
                Self.event("5", "name", "AWS::CloudFormation::Stack", "ROLLBACK_COMPLETE"),
                Self.event(
                    "4", "ImportRole", "AWS::IAM::Role", "CREATE_FAILED",
                    reason: "Resource creation cancelled"),
                Self.event(
                    "3", "InputBucket", "AWS::S3::Bucket", "CREATE_FAILED", reason: "the name is taken"),
                Self.event(
                    "2", "Datastore", "AWS::HealthImaging::Datastore", "CREATE_FAILED", reason: "10 of 10"),
                Self.began,
            ]
        }
        let error = try await #require(throws: StepError.self) {
            try await TestSettings.stackStep(fake.service()).create(Self.wanted)
        }
        #expect(error.reason == .service)
        #expect(error.message.contains("ROLLBACK_COMPLETE"))
        #expect(
            error.message.contains(
                "Datastore (AWS::HealthImaging::Datastore): 10 of 10; InputBucket (AWS::S3::Bucket): the name is taken"
            ))
        #expect(!error.message.contains("cancelled"))
        #expect(error.message.contains("stack delete name"))
    }

    @Test("A stack of that name is an error that says so; with reuse it is taken when it is complete")
    func exists() async throws {
        let fake = FakeStacks()
        fake.state.withLock { state in
            state.statuses = ["CREATE_COMPLETE"]
            state.createError = .queryError("AlreadyExistsException")
            state.events = [
                Self.event("1", "name", "AWS::CloudFormation::Stack", "CREATE_IN_PROGRESS", token: "another")
            ]
        }
        let step = try TestSettings.stackStep(fake.service())
        let error = try await #require(throws: StepError.self) { try await step.create(Self.wanted) }
        #expect(error.reason == .exists)
        #expect(error.message.contains("'name'"))
        #expect(error.message.contains("CREATE_COMPLETE"))
        let told = Mutex<[StackStep.Progress]>([])
        let reused = try await step.create(Self.wanted, reuse: true) { progress in
            told.withLock { $0.append(progress) }
        }
        #expect(told.withLock { $0 } == [.status("CREATE_COMPLETE")], "how it was made is no news")
        #expect(reused.isReused)
        #expect(reused.outputs.datastoreID == "0123")
    }

    @Test("With reuse a stack that failed is not taken, and one that is not there is made")
    func reuseOfOthers() async throws {
        let fake = FakeStacks()
        fake.state.withLock { $0.statuses = ["ROLLBACK_COMPLETE"] }
        let error = try await #require(throws: StepError.self) {
            try await TestSettings.stackStep(fake.service()).create(Self.wanted, reuse: true)
        }
        #expect(error.reason == .service)
        fake.state.withLock { $0.statuses = [] }
        let made = try await TestSettings.stackStep(fake.service()).create(Self.wanted, reuse: true)
        #expect(!made.isReused)
    }

    @Test("The same token asked for again finds the stack that it made")
    func sameToken() async throws {
        let fake = FakeStacks()
        fake.state.withLock { state in
            state.statuses = ["CREATE_IN_PROGRESS"]
            state.createError = .queryError("AlreadyExistsException")
            state.events = [Self.began]
        }
        let step = try TestSettings.stackStep(fake.service())
        #expect(try await step.request(Self.wanted) == FakeStacks.id)
        #expect(try await step.find("name", madeWith: "token-2") == nil)
    }

    @Test("Waiting ends with the time limit, and the error names the stack")
    func timeLimit() async throws {
        let fake = FakeStacks()
        fake.state.withLock { $0.createStatuses = ["CREATE_IN_PROGRESS"] }
        let wait = WaitPolicy(interval: .milliseconds(1), limit: .milliseconds(20))
        let error = try await #require(throws: StepError.self) {
            try await TestSettings.stackStep(fake.service(), wait: wait).create(Self.wanted)
        }
        #expect(error.reason == .timeout)
        #expect(error.message.contains("'name'"))
    }

    @Test("A cancelled task stops waiting")
    func cancellation() async throws {
        let fake = FakeStacks()
        fake.state.withLock { $0.createStatuses = ["CREATE_IN_PROGRESS"] }
        let step = try TestSettings.stackStep(fake.service(), wait: WaitPolicy(interval: .seconds(3_600)))
        let (started, signal) = AsyncStream.makeStream(of: Void.self)
        let task = Task { try await step.create(Self.wanted) { _ in signal.yield() } }
        for await _ in started { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("The outputs of older templates, with one bucket for both, are understood")
    func olderTemplate() async throws {
        let fake = FakeStacks()
        fake.state.withLock { state in
            state.statuses = ["UPDATE_COMPLETE"]
            state.outputs = ["BucketName": "both", "RoleArn": "r", "DatastoreID": "d"]
        }
        let shown = try await TestSettings.stackStep(fake.service()).show("name")
        #expect(shown.outputs?.buckets == ["both"])
        #expect(shown.outputs?.outputBucket == "both")
    }

    @Test("A stack that is not ours, or not there, or no name at all, is an error that says what is missing")
    func notOurs() async throws {
        let fake = FakeStacks()
        fake.state.withLock { state in
            state.createStatuses = ["CREATE_COMPLETE"]
            state.outputs = ["RoleArn": "r", "InputBucketName": ""]
        }
        let step = try TestSettings.stackStep(fake.service())
        let error = try await #require(throws: StepError.self) { try await step.create(Self.wanted) }
        #expect(error.message.contains("InputBucketName, OutputBucketName, DatastoreID"))
        fake.state.withLock { $0.statuses = [] }
        #expect(await #expect(throws: StepError.self) { try await step.show("name") }?.reason == .notFound)
        #expect(await #expect(throws: StepError.self) { try await step.show("no name") }?.reason == .usage)
    }

    @Test(
        "What cannot be a name, an account or a data store is refused before anything is sent",
        arguments: [
            StackStep.Wanted(name: "1st", datastoreName: "s", accountID: "123456789012", token: "t"),
            StackStep.Wanted(name: "n", datastoreName: "a b", accountID: "123456789012", token: "t"),
            StackStep.Wanted(name: "n", datastoreName: "", accountID: "123456789012", token: "t"),
            StackStep.Wanted(name: "n", datastoreName: "s", accountID: "12345678901", token: "t"),
        ])
    func badNames(wanted: StackStep.Wanted) async throws {
        let service = FakeStacks().service()
        let step = try TestSettings.stackStep(service)
        #expect(await #expect(throws: StepError.self) { try await step.request(wanted) }?.reason == .usage)
        #expect(service.requests.isEmpty)
    }

    @Test(
        "Deleting empties the stack's own buckets in all versions, then deletes the stack by its id and waits"
    )
    func deletes() async throws {
        let fake = FakeStacks()
        fake.state.withLock { state in
            state.statuses = ["CREATE_COMPLETE"]
            state.outputs["InputBucketName"] = "somebody-elses"
            state.events = [
                Self.event("3", "OutputBucket", "AWS::S3::Bucket", "CREATE_COMPLETE", physicalID: "out"),
                Self.event("2", "InputBucket", "AWS::S3::Bucket", "CREATE_COMPLETE", physicalID: "in"),
                Self.began,
            ]
            state.versions = [
                "in": [S3ObjectVersion(key: "a", versionID: "1"), S3ObjectVersion(key: "b", versionID: "2")],
                "out": [S3ObjectVersion(key: "c", versionID: "null")],
                "somebody-elses": [S3ObjectVersion(key: "precious", versionID: "1")],
            ]
        }
        let service = fake.service()
        let told = Mutex<[StackStep.Progress]>([])
        let step = try TestSettings.stackStep(service)
        let deleted = try await step.delete("name") { progress in told.withLock { $0.append(progress) } }
        #expect(deleted == StackStep.Deleted(existed: true, objects: 3))
        #expect(fake.state.withLock { $0.deletedKeys } == ["in/a", "in/b", "out/c"])
        let deletion = try #require(service.requests.first { $0.form["Action"] == "DeleteStack" })
        #expect(deletion.form["StackName"] == FakeStacks.id)
        #expect(told.withLock { $0.contains(.emptied(bucket: "in", deleted: 2)) })
        #expect(
            !told.withLock { $0.contains { if case .event = $0 { true } else { false } } },
            "how the stack was made is no news")

        // Again: nothing is left to do.
        let again = try await step.delete(FakeStacks.id)
        #expect(again == StackStep.Deleted(existed: false, objects: 0))
        fake.state.withLock { $0.statuses = [] }
        #expect(try await step.delete("name") == StackStep.Deleted(existed: false, objects: 0))
    }

    @Test("Buckets that are gone already do not stop a deletion; without events the outputs name the buckets")
    func deletesWithoutBuckets() async throws {
        let fake = FakeStacks()
        fake.state.withLock { state in
            state.statuses = ["CREATE_COMPLETE"]
            state.versions = ["out": [S3ObjectVersion(key: "c", versionID: "null")]]
        }
        let deleted = try await TestSettings.stackStep(fake.service()).delete("name")
        #expect(deleted == StackStep.Deleted(existed: true, objects: 1))
    }

    @Test("A deletion that fails is an error with the reason of this attempt")
    func deletionFails() async throws {
        let fake = FakeStacks()
        fake.state.withLock { state in
            state.statuses = ["CREATE_COMPLETE"]
            state.statusesAfterDelete = ["DELETE_IN_PROGRESS", "DELETE_FAILED"]
            state.events = [
                Self.event(
                    "4", "Datastore", "AWS::HealthImaging::Datastore", "DELETE_FAILED",
                    reason: "it holds image sets"),
                Self.event("3", "name", "AWS::CloudFormation::Stack", "DELETE_IN_PROGRESS"),
                Self.event(
                    "2", "InputBucket", "AWS::S3::Bucket", "DELETE_FAILED", reason: "an older attempt"),
            ]
        }
        let error = try await #require(throws: StepError.self) {
            try await TestSettings.stackStep(fake.service()).delete("name")
        }
        #expect(
            error.message.contains(
                "DELETE_FAILED: Datastore (AWS::HealthImaging::Datastore): it holds image sets"))
        #expect(!error.message.contains("older"))
    }
}
