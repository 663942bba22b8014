import ArgumentParser

/// The root command: throughput runs, always beside a baseline.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures decoders and fetches, always beside a baseline in the same run.",
        subcommands: [
            BenchDecodeCommand.self, BenchMammogramCommand.self, BenchFetchCommand.self,
            BenchLibraryCommand.self, BenchPlanCommand.self, BenchTransportCommand.self, BenchCRCCommand.self,
        ])
}
