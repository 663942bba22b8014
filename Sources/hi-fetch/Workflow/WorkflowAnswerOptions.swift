import ArgumentParser
import Foundation
import FrameEngine
import ImagingWorkflow

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
            ?? (dicom.isEmpty ? nil : .files(dicom.map(Self.absolute)))
        answers.deletes = delete ? true : keep ? false : nil
        if yes { answers.acceptAll() }
        return answers
    }

    /// A run may go on from another folder than it began in.
    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") || path.isEmpty ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
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
