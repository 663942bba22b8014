import ArgumentParser
import Foundation
import FrameEngine

/// `bench library`: the library's sequence of frames beside a session to disk, with and without metrics.
struct BenchLibraryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "library",
        abstract:
            "Measures frames for a program (FrameFetcher) beside 'fetch --format none', and metrics on and off.",
        discussion: """
            EXAMPLE: bench library --url https://127.0.0.1:18443 --ca-bundle cert.pem --input plan.json --turns 9

            The same frames in four ways in turn, each turn a process of its own; medians. A ratio is CPU time over \
            that of the session without metrics in the same turn. The session also writes a manifest.
            """)

    @OptionGroup var served: ServedPlan

    @Option(
        help: "Where the session's folder is made; a memory file system keeps the disk out of the figures.")
    var output: String = NSTemporaryDirectory()

    @Option(help: "Threads that decode; one a core by default.")
    var workers: Int?

    @Option(help: "Connections to the server.")
    var connections: Int?

    @Option(help: "How often each way is measured; the medians count.")
    var turns = 9

    @Option(help: "session or library: only one turn of it, in this process, told as JSON (for a profiler).")
    var face: String?

    @Flag(help: "With --face: with metrics.")
    var metrics = false

    @Flag(help: "One JSON object on standard output.")
    var json = false

    func validate() throws {
        guard (1...1000).contains(turns) else { throw ValidationError("--turns must be from 1 to 1000.") }
        if let face, MeasuredRun.Face(rawValue: face) == nil {
            throw ValidationError("--face \(face) is not one of session, library.")
        }
    }

    func run() async throws {
        if let face = face.flatMap(MeasuredRun.Face.init) {
            return try await measure(face).printAsJSON()
        }
        let result = try LibraryBenchmark(turns: turns, arguments: arguments).run()
        if json { return try result.printAsJSON() }
        func column(_ value: Double, _ digits: Int) -> String {
            value.formatted(.number.precision(.fractionLength(digits)).grouping(.never))
        }
        print(MachineDescription.current.line)
        for (cost, ratio) in zip(result.costs, result.cpuRatios) {
            print(
                cost.way.name.padding(toLength: 18, withPad: " ", startingAt: 0)
                    + "\(column(cost.cpuMillisecondsPerFrame, 3)) ms CPU a frame, ratio \(column(ratio, 3)); "
                    + "\(column(cost.framesPerSecond, 0)) frames/s; "
                    + "\(column(Double(cost.peakMemoryBytes) / 1e6, 0)) MB resident at the most")
        }
    }

    /// One turn, in this process.
    private func measure(_ face: MeasuredRun.Face) async throws -> MeasuredRun {
        if metrics { PrometheusRegistry().install() }
        let settings = try served.settings()
        switch face {
        case .session:
            let folder = "\(output)/hi-fetch-bench-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: folder) }
            var options = FetchOptions(outputDirectory: folder, format: .none)
            options.workers = workers
            options.connections = connections
            return try await MeasuredRun.session(plan: served.input, settings: settings, options: options).run
        case .library:
            var options = FrameFetcher.Options()
            options.workers = workers
            options.connections = connections
            return try await MeasuredRun.library(plan: served.input, settings: settings, options: options)
        }
    }

    /// What a turn's process is told.
    private func arguments(_ way: LibraryBenchmark.Way) -> [String] {
        var arguments = [
            "library", "--url", served.url, "--input", served.input, "--output", output, "--face",
            way.face.rawValue,
        ]
        if let caBundle = served.caBundle { arguments += ["--ca-bundle", caBundle] }
        if let workers { arguments += ["--workers", "\(workers)"] }
        if let connections { arguments += ["--connections", "\(connections)"] }
        return way.hasMetrics ? arguments + ["--metrics"] : arguments
    }
}
