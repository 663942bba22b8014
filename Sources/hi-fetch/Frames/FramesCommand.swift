import ArgumentParser
import FrameEngine

/// `hi-fetch frames`: another name of `plan`, as the step is called in the workflow.
struct Frames: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the frames of image sets: the same as plan.",
        discussion: """
            EXAMPLE: hi-fetch frames --datastore 12345678901234567890123456789012 --all --json

            Reads metadata, which the service counts as access. With --json: one line a frame, in the order of \
            the fetch, then one line {"event":"summary",...}.
            """)

    @OptionGroup(title: "Which frames") var selection: SelectionOptions
    @OptionGroup(title: "The service") var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        try await PlanRun(selection: selection, connection: connection, isJSON: outputOptions.json).run()
    }
}
