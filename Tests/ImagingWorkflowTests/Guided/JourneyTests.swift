import FrameEngine
import ImagingWorkflow
import Testing

@Suite("The guided workflow")
struct JourneyTests {
    private let steps: ScriptedSteps
    private let store = RememberedStates()

    init() throws { steps = try ScriptedSteps() }

    private func journey(
        _ dialogue: ScriptedDialogue, answers: JourneyAnswers = JourneyAnswers(), state: JourneyState? = nil
    ) -> Journey {
        Journey(
            state: state ?? JourneyState(runID: "0123456789ab", region: "us-east-1", isLocal: false),
            isResumed: state != nil, outputFolder: "out", answers: answers, steps: steps, dialogue: dialogue,
            store: store)
    }

    private static let unattended: JourneyAnswers = {
        var answers = JourneyAnswers()
        answers.acceptAll()
        return answers
    }()

    @Test("asks in the scenario's order: stack, its names, the study, a pause before each step, the deletion")
    func asksInOrder() async throws {
        let dialogue = ScriptedDialogue(["y", "my-stack", "my_store", "3", "", "", "", "", "", "y"])
        let ending = try await journey(dialogue).run()

        #expect(ending == .complete)
        #expect(
            dialogue.questions == [
                .deployStack, .stackName(suggestion: "hi-fetch-workflow"),
                .datastoreName(suggestion: "hi_fetch_workflow"), .study, .pause(.beforeCopy),
                .pause(.beforeImport),
                .pause(.beforeImageSets), .pause(.beforeMetadata), .pause(.beforeFrames), .delete,
            ])
        #expect(
            steps.calls == [
                "account", "requestStack my-stack my_store", "awaitStack my-stack",
                "copy MRI of head (192 images) in-bucket",
                "startImport", "followImport job1", "readOutput",
                "describe out/import_job_job1_metadata/\(String(repeating: "a", count: 32)).json.gz",
                "describe out/import_job_job1_metadata/\(String(repeating: "b", count: 32)).json.gz",
                "fetchFrames out/import_job_job1", "deleteImageSets all", "deleteObjects in-bucket all",
                "deleteObjects out-bucket all", "deleteStack my-stack",
            ])
    }

    @Test("tells what it does and what came of it, in order")
    func tellsInOrder() async throws {
        let dialogue = ScriptedDialogue()
        _ = try await journey(dialogue, answers: Self.unattended).run()
        #expect(
            dialogue.told == [
                "began", "explain", "explain", "creatingStack", "resources", "chosen", "explain", "copied",
                "explain",
                "importStarted", "explain", "imported", "imageSets", "explain", "described", "described",
                "explain",
                "fetched", "explain", "deletedImageSets", "deletedObjects", "deletedStack", "finished",
            ])
        #expect(dialogue.questions.isEmpty)
    }

    @Test("without a stack it asks for the ids of existing resources, and deletes only what it made itself")
    func usesExistingResources() async throws {
        steps.change { world in
            world.imageSets = world.imageSets.enumerated().map { index, imageSet in
                ImportedImageSet(id: imageSet.id, version: index + 1)
            }
        }
        let dialogue = ScriptedDialogue([
            "n", "\(try unwrap(ScriptedSteps.datastore))", "in-bucket", "out-bucket", ScriptedSteps.role, "1",
            "", "", "", "", "", "yes",
        ])
        let ending = try await journey(dialogue).run()
        #expect(ending == .complete)
        #expect(
            dialogue.questions.prefix(6) == [
                .deployStack, .datastoreID, .inputBucket, .outputBucket, .roleARN, .study,
            ])
        #expect(steps.calls.first == "check in-bucket out-bucket")
        // The second image set is at version 2: it was there before.
        #expect(
            steps.calls.suffix(3) == [
                "deleteImageSets a", "deleteObjects in-bucket input", "deleteObjects out-bucket output",
            ])
        #expect(dialogue.told.contains("keptImageSets"))
    }

    @Test("asks again after an answer that is none, and takes the suggestion for an empty line")
    func asksAgain() async throws {
        let dialogue = ScriptedDialogue([
            "perhaps", "Y", "1st", "", "", "5", "two", "2", "", "", "", "", "", "No",
        ])
        let ending = try await journey(dialogue).run()
        #expect(ending == .complete)
        #expect(dialogue.told.filter { $0 == "notUnderstood" }.count == 4)
        #expect(steps.calls.contains("requestStack hi-fetch-workflow hi_fetch_workflow"))
        #expect(steps.calls.last == "fetchFrames out/import_job_job1")
        #expect(dialogue.told.suffix(2) == ["kept", "finished"])
    }

    @Test("ends when nobody answers any more, without asking for ever")
    func endsWithTheInput() async throws {
        let dialogue = ScriptedDialogue(["maybe", "perhaps"])
        let journey = journey(dialogue)
        await #expect(throws: JourneyError.self) { try await journey.run() }
        #expect(dialogue.questions.count == 3)
        #expect(steps.calls.isEmpty)
    }

    @Test("gives up after twenty wrong answers to one question: a program that answers would never end")
    func endsWithWrongAnswers() async throws {
        let dialogue = ScriptedDialogue(["y", "", ""] + Array(repeating: "y", count: 50))
        let journey = journey(dialogue)
        let error = await #expect(throws: JourneyError.self) { try await journey.run() }
        #expect(error?.reason == .noAnswer)
        #expect(error?.message.contains("the number of a study") == true)
        #expect(dialogue.questions.filter { $0 == .study }.count == 20)
    }

    @Test("files that were not imported make the ending a failure, though the rest goes its way")
    func failedFiles() async throws {
        steps.change { $0.failedFiles = 1 }
        let ending = try await journey(ScriptedDialogue(), answers: Self.unattended).run()
        #expect(ending == .someFailed)
        #expect(steps.calls.contains("fetchFrames out/import_job_job1"))
    }

    @Test("a source without files is an error that names it, and no import is started")
    func emptySource() async throws {
        steps.change { $0.sourceObjects = 0 }
        var answers = Self.unattended
        answers.source = .bucket(name: "public", prefix: "nothing/")
        let journey = journey(ScriptedDialogue(), answers: answers)
        let error = await #expect(throws: JourneyError.self) { try await journey.run() }
        #expect(error?.reason == .input)
        #expect(error?.message.contains("s3://public/nothing/") == true)
        #expect(!steps.calls.contains("startImport"))
    }

    @Test("a job that made no image set is an error that says where the reasons are")
    func noImageSets() async throws {
        steps.change { $0.imageSets = [] }
        let journey = journey(ScriptedDialogue(), answers: Self.unattended)
        let error = await #expect(throws: JourneyError.self) { try await journey.run() }
        #expect(error?.message.contains("FAILURE/failure.ndjson") == true)
    }

    @Test("a stack of that name that is somebody else's stays: it is neither used nor deleted")
    func stackOfSomebodyElse() async throws {
        steps.change { $0.stacks["hi-fetch-workflow"] = "somebody" }
        let journey = journey(ScriptedDialogue(), answers: Self.unattended)
        await #expect(throws: ServiceError.self) { try await journey.run() }
        let state = await journey.state
        #expect(state.stack == nil)
        #expect(!state.hasLeftovers)
        try await journey.cleanUp()
        #expect(!steps.calls.contains { $0.hasPrefix("deleteStack") })
    }

    @Test("a caller that the service does not know has asked for no stack, so none is in doubt")
    func unknownCaller() async throws {
        steps.change { $0.failing["account"] = StepError(.service, "nobody is there") }
        let journey = journey(ScriptedDialogue(), answers: Self.unattended)
        await #expect(throws: StepError.self) { try await journey.run() }
        #expect(await journey.state.stack == nil)
        #expect(store.last?.hasLeftovers == false)
        #expect(steps.calls == ["account"])
    }

    @Test(
        "after a stack that could not be deleted objects are not deleted again, but image sets are looked for"
    )
    func cleanUpGoesOn() async throws {
        steps.change { $0.failing["deleteStack"] = StepError(.service, "stuck") }
        let journey = journey(ScriptedDialogue(), answers: Self.unattended)
        await #expect(throws: StepError.self) { try await journey.run() }
        #expect(await journey.state.hasLeftovers)
        let before = steps.calls.count
        try await journey.cleanUp()
        // A job that nobody knew of may have made some, and they keep the stack from being deleted.
        #expect(steps.calls.dropFirst(before) == ["deleteImageSets all", "deleteStack hi-fetch-workflow"])
        #expect(await journey.state.cleanUp.imageSetsDeleted == 4)
        #expect(await journey.state.hasLeftovers == false)
    }

    @Test("the clean-up of a run whose import still goes on waits for its end first")
    func cleanUpWaitsForTheImport() async throws {
        steps.change { $0.failing["followImport"] = CancellationError() }
        let journey = journey(ScriptedDialogue(), answers: Self.unattended)
        await #expect(throws: CancellationError.self) { try await journey.run() }
        let before = steps.calls.count
        try await journey.cleanUp()
        #expect(
            steps.calls.dropFirst(before) == [
                "followImport job1", "deleteImageSets all", "deleteObjects in-bucket all",
                "deleteObjects out-bucket all",
                "deleteStack hi-fetch-workflow",
            ])
    }

    @Test("a failed import job is not followed again: a run that goes on starts another one")
    func failedJob() async throws {
        steps.change { $0.failing["followImport"] = StepError(.service, "import job job1 failed") }
        let journey = journey(ScriptedDialogue(), answers: Self.unattended)
        await #expect(throws: StepError.self) { try await journey.run() }
        let state = await journey.state
        #expect(state.phase == .copied)
        #expect(state.jobID == nil)
        #expect(state.hasLeftovers)

        let ending = try await self.journey(ScriptedDialogue(), answers: Self.unattended, state: state).run()
        #expect(ending == .complete)
        #expect(steps.calls.contains("followImport job2"))
        // The same token would have given the failed job again.
        steps.change { #expect(Set($0.jobs.values).count == 2) }
    }

    @Test(
        "a run that broke in any step goes on there: nothing is made twice, and all is deleted in the end",
        arguments: [
            "requestStack", "awaitStack", "copy", "startImport", "followImport", "readOutput", "describe",
            "fetchFrames",
            "deleteImageSets", "deleteObjects", "deleteStack",
        ])
    func resumes(step: String) async throws {
        steps.change { $0.failing[step] = CancellationError() }
        let first = journey(ScriptedDialogue(), answers: Self.unattended)
        await #expect(throws: CancellationError.self) { try await first.run() }
        let kept = try unwrap(store.last)
        #expect(kept.problem == nil)

        let dialogue = ScriptedDialogue()
        let ending = try await journey(dialogue, answers: Self.unattended, state: kept).run()
        #expect(ending == .complete)
        let calls = steps.calls.map { String($0.prefix { $0 != " " }) }
        for once in ["copy", "fetchFrames", "deleteStack"] where once != step {
            #expect(calls.filter { $0 == once }.count == 1, "\(once)")
        }
        #expect(store.last?.phase == .finished)
        #expect(store.last?.hasLeftovers == false)
        steps.change { world in
            #expect(world.jobs.count == 1)
            #expect(world.stacks.isEmpty)
        }
    }
}
