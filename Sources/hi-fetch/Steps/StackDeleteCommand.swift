import ArgumentParser
import FrameEngine
import ImagingWorkflow

/// `hi-fetch stack delete`.
struct StackDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Empty a stack's buckets and delete the stack.",
        discussion: """
            EXAMPLE: hi-fetch stack delete my-imaging --yes

            Deletes every object in the stack's buckets, in all versions, then the buckets, the role and the data store, \
            and waits until they are gone. The data store must be empty: delete its image sets first. A stack that is not \
            there is a success. Asks first, unless --yes is there. With --json: one line {"event":"deleted",\
            "stackName":...,"existed":...,"objects":...}.
            """)

    /// Printed at the end.
    struct Line: Encodable {
        let event = "deleted"
        let stackName: String
        /// False where there was nothing to delete.
        let existed: Bool
        /// Versions of objects that were deleted.
        let objects: Int

        enum CodingKeys: String, CodingKey { case event, stackName, existed, objects }
    }

    @Argument(help: ArgumentHelp("The stack's name or ARN.", valueName: "name"))
    var name: String

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @OptionGroup var waiting: WaitingOptions
    @OptionGroup(title: "The service") var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        let console = Console.standard
        let verb = self
        if !yes {
            let stack = try await Self.interruptible {
                try await verb.connection.withTransport { transport, settings in
                    try await StackStep(transport: transport, settings: settings).find(verb.name)
                }
            }
            // Asked apart from the deletion: here Ctrl-C leaves everything as it is.
            if let stack { try await Self.interruptible { try await verb.ask(stack, console: console) } }
        }
        do {
            let deleted = try await Self.interruptible { try await verb.delete(console: console) }
            conclude(deleted, console: console)
        } catch is CancellationError {
            throw CommandFailure(
                .interrupted,
                "interrupted; stack '\(name)' may be half deleted: run 'hi-fetch stack delete \(name)' again")
        }
    }

    private func delete(console: Console) async throws -> StackStep.Deleted {
        try await connection.withTransport { transport, settings in
            let progress = StackProgressLines(console: console)
            return try await StackStep(transport: transport, settings: settings, wait: waiting.policy)
                .delete(name) { progress.show($0) }
        }
    }

    private func conclude(_ deleted: StackStep.Deleted, console: Console) {
        if outputOptions.json {
            console.json(Line(stackName: name, existed: deleted.existed, objects: deleted.objects))
        } else if deleted.existed {
            console.result(
                "Stack \(name) is deleted, and \(Formatting.count(deleted.objects, of: "object version")) in its buckets."
            )
        } else {
            console.result("There is no stack \(name): nothing was left to delete.")
        }
    }

    private func ask(_ stack: CloudFormationStack, console: Console) async throws {
        console.message("This deletes stack \(Console.oneLine(stack.name)) for good:")
        if let outputs = try? StackOutputs(stack) {
            console.message("  the data store \(Console.oneLine(outputs.datastoreID))")
            for bucket in outputs.buckets {
                console.message("  the bucket \(Console.oneLine(bucket)) with all that is in it")
            }
        }
        try await Confirmation.ofDeletion(console)
    }
}
