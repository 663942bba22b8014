import ArgumentParser
import Foundation
import FrameEngine
import ImagingWorkflow

/// One call of `hi-fetch workflow`: opens the state, makes the journey, and sees to what is left when it breaks.
struct WorkflowRun: Sendable {
    enum Mode: Sendable {
        case begin
        case resume
        case cleanUp
    }

    let console: Console
    let isJSON: Bool
    let folder: String
    let isLocal: Bool
    let mode: Mode
    let answers: JourneyAnswers
    /// Whether nothing may be asked.
    let isUnattended: Bool
    /// How to reach the same service again, for commands that are printed.
    let connectionArguments: [String]

    func run(settings: () throws -> AWSSettings) async throws {
        try requireEarlierRun()
        let file = try JourneyStateFile(folder: folder)
        try await run(file, settings: try settings())
    }

    /// With the local data store, served in this process until the run has ended.
    func runLocally() async throws {
        try requireEarlierRun()
        let file = try JourneyStateFile(folder: folder)
        try await LocalService(store: "\(folder)/local-store").run { settings in
            try await run(file, settings: settings)
        }
    }

    private func run(_ file: JourneyStateFile, settings: AWSSettings) async throws {
        guard let state = try openState(file, region: settings.region) else { return }
        var configuration = TransportConfiguration()
        configuration.caBundlePath = settings.caBundlePath
        let transport = try CurlTransport(configuration: configuration, pool: BufferPool())
        defer { transport.shutdown() }
        let dialogue = WorkflowDialogue(console: console, isJSON: isJSON)
        let journey = Journey(
            state: state, isResumed: mode != .begin, outputFolder: folder, answers: answers,
            steps: ServiceSteps(transport: transport, settings: settings), dialogue: dialogue, store: file
        )
        let ending: Journey.Ending
        do {
            if mode == .cleanUp {
                try await Workflow.interruptible { try await journey.cleanUp() }
                return
            }
            ending = try await Workflow.interruptible { try await journey.run() }
        } catch {
            throw await conclude(error, journey: journey, dialogue: dialogue)
        }
        let ended = await journey.state
        if ended.deletesAtEnd == false { console.message("To delete it later: \(command("--clean-up"))") }
        if ending == .someFailed {
            console.error(shortfall(ended))
            throw ExitCode(ExitStatus.someFailed.rawValue)
        }
    }

    // MARK: State

    /// A run that goes on needs one to go on with: nothing is made for it.
    private func requireEarlierRun() throws {
        guard mode != .begin else { return }
        let path = "\(folder)/\(JourneyStateFile.fileName)"
        var status = stat()
        if stat(path, &status) != 0, errno == ENOENT || errno == ENOTDIR {
            throw CommandFailure(.usage, "there is no run in \(folder) to go on with: \(path) is missing")
        }
    }

    /// The state to work with; nil when there is nothing to do.
    private func openState(_ file: JourneyStateFile, region: String) throws -> JourneyState? {
        let earlier = try file.load()
        guard mode != .begin else {
            if let earlier, earlier.phase != .finished, earlier.hasLeftovers {
                throw CommandFailure(
                    .usage,
                    "\(folder) holds run \(earlier.runID), which has not ended. --resume goes on with it, --clean-up "
                        + "deletes what it made; or use another --output")
            }
            if earlier?.phase == .finished { try file.setAside() }
            return JourneyState(runID: JourneyState.newRunID(), region: region, isLocal: isLocal)
        }
        guard let earlier else { throw CommandFailure(.usage, "\(file.path) has just gone away") }
        guard earlier.isLocal == isLocal else {
            throw CommandFailure(
                .usage,
                earlier.isLocal
                    ? "the run in \(folder) is one with --local; give --local again"
                    : "the run in \(folder) is one without --local; leave --local out")
        }
        guard earlier.region == region else {
            throw CommandFailure(
                .usage, "the run in \(folder) is in region \(earlier.region), not in \(region); give --region"
            )
        }
        if mode == .resume, earlier.phase == .finished {
            let left =
                earlier.deletesAtEnd == true ? "nothing is left to do" : "--clean-up deletes what it has kept"
            throw CommandFailure(.usage, "the run in \(folder) has ended; \(left)")
        }
        if mode == .cleanUp, earlier.phase == .finished, earlier.deletesAtEnd == true {
            console.message("The run in \(folder) has deleted what it made; nothing is left to do.")
            return nil
        }
        return earlier
    }

    // MARK: Endings

    /// Says what went wrong and what exists now; deletes that where a person wants so.
    ///
    /// - Returns: the exit status to end with.
    private func conclude(_ error: any Error, journey: Journey, dialogue: WorkflowDialogue) async -> ExitCode
    {
        console.clearStatus()
        let failure = CommandFailure(describing: error)
        console.error(failure.message)
        let status = ExitCode(failure.status.rawValue)
        let state = await journey.state
        let leftovers = WorkflowText.leftovers(state)
        if isJSON { console.json(WorkflowEventLine.broken(state, failure: failure)) }
        guard !leftovers.isEmpty else {
            if isLocal || state.phase == .started { return status }
            console.message("Nothing of this run is left on the service.")
            return status
        }
        console.message("What this run has made exists:")
        for line in leftovers { console.message(line) }
        if await wantsCleanUp(dialogue) {
            do {
                try await Workflow.interruptible { try await journey.cleanUp() }
                return status
            } catch {
                console.error(CommandFailure(describing: error).message)
            }
        }
        console.message("To go on:  \(command("--resume"))")
        console.message("To delete: \(command("--clean-up"))")
        return status
    }

    private func wantsCleanUp(_ dialogue: WorkflowDialogue) async -> Bool {
        guard mode != .cleanUp, !isUnattended, isatty(STDIN_FILENO) == 1 else { return false }
        let answer = try? await Workflow.interruptible { try await dialogue.ask(.cleanUp) }
        return ["y", "yes"].contains(answer?.lowercased())
    }

    private func command(_ option: String) -> String {
        (["hi-fetch", "workflow", option, "--output", folder] + connectionArguments).map(ShellWord.quoted)
            .joined(separator: " ")
    }

    private func shortfall(_ state: JourneyState) -> String {
        var parts: [String] = []
        if let summary = state.summary, summary.failed > 0 {
            parts.append(
                "\(Formatting.count(summary.failed)) of \(Formatting.count(summary.scanned, of: "file")) were not imported"
            )
        }
        if let frames = state.frames, !frames.isComplete {
            let missing = frames.planned - frames.verified - frames.resumed - frames.unverifiable
            parts.append("\(Formatting.count(max(missing, 0), of: "frame")) are not on disk")
        }
        return parts.joined(separator: ", ")
    }
}
