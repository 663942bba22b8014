import ArgumentParser
import FrameEngine

/// `hi-fetch plan`: what a fetch of the same selection would do.
struct Plan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what a fetch would take, without fetching a frame.",
        discussion: """
            EXAMPLE: hi-fetch plan --datastore 12345678901234567890123456789012 --all

            Reads metadata, which the service counts as access. With --json: one line a frame, in the order of \
            the fetch, then one line {"event":"summary",...}.
            """)

    @OptionGroup(title: "What to plan") var selection: SelectionOptions
    @OptionGroup(title: "The service") var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        try await PlanRun(selection: selection, connection: connection, isJSON: outputOptions.json).run()
    }
}
