import ArgumentParser
import FrameEngine
import ImagingWorkflow

/// `hi-fetch workflow`: the whole way from DICOM files to verified frames, guided.
struct Workflow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take a study all the way, guided: resources, import, frames, clean-up.",
        discussion: """
            EXAMPLE: hi-fetch workflow --local --yes --study 1 --output output

            Makes a data store, two buckets and a role with a CloudFormation stack (or uses yours), copies a study into \
            the input bucket, imports it, saves the metadata, fetches, decodes and verifies every frame into \
            DIR/import_job_<jobId>, and deletes what it made if you want so. Asks on the way; options answer ahead, and \
            --yes answers all that is left: stack yes, first study, delete yes.

            With --local everything happens on this machine, without an account and without a network: the local data \
            store is served for as long as the workflow runs, out of DIR/local-store.

            DIR/workflow.json keeps what was done. When a run breaks, it says what exists by then; --resume goes on \
            where it stopped, --clean-up deletes what it made. With --json: a line an event; questions go to standard \
            error.
            """)

    @Flag(help: "Use the local data store in place of AWS; needs no account and no network.")
    var local = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The folder for frames, metadata and state; made when missing.", valueName: "dir"))
    var output = "output"

    @Flag(help: "Go on with the run that broke in the output folder.")
    var resume = false

    @Flag(name: .customLong("clean-up"), help: "Only delete what the run in the output folder made.")
    var cleanUp = false

    @OptionGroup(title: "Answers ahead") var answers: WorkflowAnswerOptions
    @OptionGroup(title: "The service") var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if resume, cleanUp { throw ValidationError("--resume and --clean-up exclude each other.") }
        if output.isEmpty { throw ValidationError("--output needs the name of a folder.") }
        if resume || cleanUp, let option = answers.firstOfTheBeginning {
            throw ValidationError("\(option) belongs to the beginning of a run; leave it out here.")
        }
        if local, let option = connection.firstGiven {
            throw ValidationError("\(option) has no meaning with --local.")
        }
    }

    func run() async throws {
        let run = WorkflowRun(
            console: Console.standard, isJSON: outputOptions.json, folder: output, isLocal: local,
            mode: cleanUp ? .cleanUp : resume ? .resume : .begin, answers: answers.answers,
            isUnattended: answers.yes,
            connectionArguments: local ? ["--local"] : connection.arguments)
        guard local else { return try await run.run { try connection.settings() } }
        // The lock comes before the server: two runs in one folder would serve one store.
        try await run.runLocally()
    }
}
