import ArgumentParser
import Foundation
import FrameEngine

/// The command `hi-fetch` and its verbs. One file a verb; a verb parses, calls the engine, and prints.
@main
struct HiFetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hi-fetch",
        abstract: "Fetch, decode, verify and write every frame of large studies from AWS HealthImaging.",
        discussion: """
            EXAMPLE: hi-fetch fetch --datastore ID --image-set ID --output frames

            Exit status: 0 all frames verified; 1 some frames failed; 64 usage; 65 unreadable input; \
            69 service unavailable; 74 local I/O; 77 credentials or permission; 130 interrupted.
            """,
        version: EngineVersion.current,
        subcommands: [
            Workflow.self, Fetch.self, Plan.self, Frames.self, Verify.self, Decode.self, Local.self,
            Hello.self,
            Stack.self, Copy.self, Import.self, Search.self, Metadata.self, Delete.self,
        ]
    )

    /// Parses and runs; every error ends in one line on standard error and the exit status of the contract.
    static func main() async {
        LargeBlocks.giveBack()
        BrokenPipe.leaveToWriters()
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            finishWhenOutputFailed()
        } catch {
            end(with: error)
        }
    }

    private static func end(with error: any Error) -> Never {
        let parserStatus = exitCode(for: error)
        if parserStatus.isSuccess {
            // --help and --version end this way.
            let text = fullMessage(for: error)
            if !text.isEmpty { Console.standard.result(text) }
            finish(.success)
        }
        if let status = error as? ExitCode { finish(status) }
        let failure =
            parserStatus == .validationFailure
            ? CommandFailure(.usage, "\(message(for: error)) See '\(helpCommand)'.")
            : CommandFailure(describing: error)
        Console.standard.error(failure.message)
        exit(withError: ExitCode(failure.status.rawValue))
    }

    /// A success is none when results did not get out.
    private static func finishWhenOutputFailed() {
        if Console.standard.outputFailure != nil { finish(.success) }
    }

    /// Ends with `status`, or with 74 when nothing worse happened than that results did not get out.
    private static func finish(_ status: ExitCode) -> Never {
        guard let failure = Console.standard.outputFailure else { exit(withError: status) }
        Console.standard.error("cannot write to standard output: \(String(cString: strerror(failure)))")
        let isWorse = status.rawValue > ExitStatus.someFailed.rawValue
        exit(withError: isWorse ? status : ExitCode(ExitStatus.localIO.rawValue))
    }

    /// The help command of the verb that was asked for, as far as the arguments name one.
    private static var helpCommand: String {
        var words = ["hi-fetch"]
        var verbs = configuration.subcommands
        for argument in CommandLine.arguments.dropFirst() {
            guard let verb = verbs.first(where: { $0._commandName == argument }) else { break }
            words.append(argument)
            verbs = verb.configuration.subcommands
        }
        return (words + ["--help"]).joined(separator: " ")
    }
}
