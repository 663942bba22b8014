import ArgumentParser
import FrameEngine
import ImagingWorkflow

/// `hi-fetch stack`: the data store, buckets and role that imports need, as one CloudFormation stack.
struct Stack: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make, show and delete what imports need: a data store, two buckets, a role.",
        discussion: """
            EXAMPLE: hi-fetch stack create my-imaging --datastore-name my-store
                     hi-fetch stack show my-imaging --json
                     hi-fetch stack delete my-imaging --yes

            They are one CloudFormation stack; 'stack template' prints its template. With --json: see each verb's --help.
            """,
        subcommands: [StackCreate.self, StackShow.self, StackDelete.self, StackTemplatePrint.self])
}

/// A stack as it is told with `--json`.
struct StackLine: Encodable {
    let event = "stack"
    let stackName: String
    let stackId: String
    let status: String
    /// Whether it was there before; nil where that was not the question.
    var reused: Bool?
    let outputs: StackOutputs?

    enum CodingKeys: String, CodingKey {
        case event, stackName, stackId, status, reused, inputBucketName, outputBucketName, roleArn,
            datastoreId
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(event, forKey: .event)
        try container.encode(stackName, forKey: .stackName)
        try container.encode(stackId, forKey: .stackId)
        try container.encode(status, forKey: .status)
        try container.encodeIfPresent(reused, forKey: .reused)
        try container.encode(outputs?.inputBucket, forKey: .inputBucketName)
        try container.encode(outputs?.outputBucket, forKey: .outputBucketName)
        try container.encode(outputs?.roleARN, forKey: .roleArn)
        try container.encode(outputs?.datastoreID, forKey: .datastoreId)
    }

    /// The same for a person.
    var text: [String] {
        var lines = ["Stack \(Console.oneLine(stackName)) is \(Console.oneLine(status))."]
        if let outputs {
            lines += [
                "  Data store ID: \(Console.oneLine(outputs.datastoreID))",
                "  Input bucket: \(Console.oneLine(outputs.inputBucket))",
                "  Output bucket: \(Console.oneLine(outputs.outputBucket))",
                "  Role ARN: \(Console.oneLine(outputs.roleARN))",
            ]
        }
        return lines
    }
}

/// Tells on standard error what goes on with a stack.
struct StackProgressLines: Sendable {
    let console: Console

    func show(_ progress: StackStep.Progress) {
        switch progress {
        case .event(let event):
            let reason = event.reason.map { ": \($0)" } ?? ""
            let line = "\(event.logicalID) (\(event.resourceType)) \(event.status)\(reason)"
            console.message("hi-fetch: \(Console.oneLine(line))")
        case .status(let status):
            console.message("hi-fetch: the stack is \(Console.oneLine(status))")
        case .emptied(let bucket, let deleted):
            console.message(
                "hi-fetch: \(Formatting.count(deleted, of: "object version")) deleted from bucket \(Console.oneLine(bucket))"
            )
        }
    }
}

/// `hi-fetch stack template`: the template itself, for other tools.
struct StackTemplatePrint: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "template",
        abstract: "Print the CloudFormation template.",
        discussion: """
            EXAMPLE: hi-fetch stack template > healthimaging.yaml

            With --json: one line {"template":...}.
            """)

    @OptionGroup var outputOptions: OutputOptions

    func run() {
        if outputOptions.json {
            Console.standard.json(["template": StackTemplate.healthImaging])
        } else {
            Console.standard.result(bytes: Array(StackTemplate.healthImaging.utf8))
        }
    }
}
