import ArgumentParser
import FrameEngine
import ImagingWorkflow

/// `hi-fetch stack show`.
struct StackShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a stack's status and what it made.",
        discussion: """
            EXAMPLE: hi-fetch stack show my-imaging

            Stacks of older templates, with one bucket for both, are understood. With --json: one line {"event":"stack",\
            "stackName":...,"stackId":...,"status":...,"inputBucketName":...,"outputBucketName":...,"roleArn":...,\
            "datastoreId":...}, with nulls for what is not there yet.
            """)

    @Argument(help: ArgumentHelp("The stack's name or ARN.", valueName: "name"))
    var name: String

    @OptionGroup(title: "The service") var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        let console = Console.standard
        let verb = self
        let shown = try await Self.interruptible {
            try await verb.connection.withTransport { transport, settings in
                try await StackStep(transport: transport, settings: settings).show(verb.name)
            }
        }
        let line = StackLine(
            stackName: shown.stack.name, stackId: shown.stack.id, status: shown.stack.status,
            outputs: shown.outputs)
        if outputOptions.json {
            console.json(line)
            return
        }
        for text in line.text { console.result(text) }
        if let reason = shown.stack.statusReason { console.result("  Reason: \(Console.oneLine(reason))") }
    }
}
