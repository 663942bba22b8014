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

/// What the workflow would otherwise ask.
struct WorkflowAnswerOptions: ParsableArguments {
    @Flag(
        name: .shortAndLong,
        help: "Take the usual answer to everything that is not answered here; ask nothing.")
    var yes = false

    @Option(help: ArgumentHelp("Which of the public studies: 1 to 4.", valueName: "n"))
    var study: Int?

    @Option(
        name: .customLong("source-bucket"),
        help: ArgumentHelp(
            "Import the DICOM files of this bucket in place of a public study.", valueName: "name"))
    var sourceBucket: String?

    @Option(
        name: .customLong("source-prefix"),
        help: ArgumentHelp("With --source-bucket: only those below this prefix.", valueName: "prefix"))
    var sourcePrefix: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Import DICOM files or folders of this machine.", valueName: "path"))
    var dicom: [String] = []

    @Option(
        name: .customLong("stack-name"),
        help: ArgumentHelp("Create a stack of this name. With --yes: hi-fetch-workflow.", valueName: "name"))
    var stackName: String?

    @Option(
        name: .customLong("datastore-name"),
        help: ArgumentHelp(
            "The name of the stack's data store. With --yes: hi_fetch_workflow.", valueName: "name"))
    var datastoreName: String?

    @Option(help: ArgumentHelp("No stack: the data store to import into.", valueName: "id"))
    var datastore: HealthImagingID?

    @Option(
        name: .customLong("input-bucket"),
        help: ArgumentHelp("No stack: the bucket to copy to.", valueName: "name"))
    var inputBucket: String?

    @Option(
        name: .customLong("output-bucket"),
        help: ArgumentHelp("No stack: the bucket for the import job's report.", valueName: "name"))
    var outputBucket: String?

    @Option(
        name: .customLong("role-arn"),
        help: ArgumentHelp("No stack: the role that the import job assumes.", valueName: "arn"))
    var roleARN: String?

    @Flag(help: "Delete at the end what the run made.")
    var delete = false

    @Flag(help: "Delete nothing at the end.")
    var keep = false

    func validate() throws {
        if let study, !(1...IDCStudy.all.count).contains(study) {
            throw ValidationError("--study must be from 1 to \(IDCStudy.all.count).")
        }
        if delete, keep { throw ValidationError("--delete and --keep exclude each other.") }
        if sourcePrefix != nil, sourceBucket == nil {
            throw ValidationError("--source-prefix goes with --source-bucket.")
        }
        let sources = [study != nil, sourceBucket != nil, !dicom.isEmpty].count { $0 }
        if sources > 1 { throw ValidationError("--study, --source-bucket and --dicom exclude each other.") }
        let existing = firstExistingResource
        if let existing, stackName != nil || datastoreName != nil {
            throw ValidationError(
                "\(existing) names what is there, --stack-name and --datastore-name what is to be made.")
        }
        if yes, existing != nil, [datastore?.description, inputBucket, outputBucket, roleARN].contains(nil) {
            throw ValidationError(
                "Without a stack, --yes needs --datastore, --input-bucket, --output-bucket and --role-arn.")
        }
    }

    /// As the guided workflow takes them.
    var answers: JourneyAnswers {
        var answers = JourneyAnswers()
        answers.stackName = stackName
        answers.datastoreName = datastoreName
        if stackName != nil || datastoreName != nil { answers.deploysStack = true }
        answers.datastoreID = datastore?.description
        answers.inputBucket = inputBucket
        answers.outputBucket = outputBucket
        answers.roleARN = roleARN
        answers.source =
            study.map { .study($0 - 1) } ?? sourceBucket.map { .bucket(name: $0, prefix: sourcePrefix ?? "") }
            ?? (dicom.isEmpty ? nil : .files(dicom))
        answers.deletes = delete ? true : keep ? false : nil
        if yes { answers.acceptAll() }
        return answers
    }

    /// The first option given that a run which goes on cannot take.
    var firstOfTheBeginning: String? {
        let given: [(Bool, String)] = [
            (study != nil, "--study"), (sourceBucket != nil, "--source-bucket"), (!dicom.isEmpty, "--dicom"),
            (stackName != nil, "--stack-name"), (datastoreName != nil, "--datastore-name"),
        ]
        return given.first { $0.0 }?.1 ?? firstExistingResource
    }

    /// The first option given that names a resource which is there already.
    var firstExistingResource: String? {
        let given: [(Bool, String)] = [
            (datastore != nil, "--datastore"), (inputBucket != nil, "--input-bucket"),
            (outputBucket != nil, "--output-bucket"), (roleARN != nil, "--role-arn"),
        ]
        return given.first { $0.0 }?.1
    }
}

extension ConnectionOptions {
    /// The options given, as they were, for a command that a person is to enter.
    var arguments: [String] {
        var words: [String] = []
        for (name, value) in [
            ("--endpoint-url", endpointURL), ("--region", region), ("--profile", profile),
            ("--ca-bundle", caBundle),
        ] {
            if let value { words += [name, value] }
        }
        return noSignRequest ? words + ["--no-sign-request"] : words
    }

    /// The first of them that is given.
    var firstGiven: String? { arguments.first }
}
