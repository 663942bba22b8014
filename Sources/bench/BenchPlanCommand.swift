import ArgumentParser
import Foundation

/// `bench plan`: reading a large image set's metadata.
struct BenchPlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Measures planning a generated metadata document beside Foundation's JSON parser.",
        discussion: "EXAMPLE: bench plan --frames 100000")

    @Option(help: "Frames in the document; about 520 bytes each.")
    var frames = 100_000

    @Option(help: "How often each is measured; the median counts.")
    var repeats = 3

    @Flag(help: "One JSON object on standard output.")
    var json = false

    func validate() throws {
        guard (1...1_000_000).contains(frames) else {
            throw ValidationError("--frames must be from 1 to 1000000.")
        }
        guard (1...100).contains(repeats) else { throw ValidationError("--repeats must be from 1 to 100.") }
    }

    func run() throws {
        let result = try PlanBenchmark(frames: frames, repeats: repeats).run()
        if json { return try result.printAsJSON() }
        func milliseconds(_ seconds: Double) -> String { "\(Int((seconds * 1e3).rounded())) ms" }
        print(MachineDescription.current.line)
        print("document    \(result.frames) frames, \(result.documentBytes / 1_000_000) MB")
        print(
            "plan        \(milliseconds(result.planSeconds)); \(result.planMemoryBytes / 1_000_000) MB more resident"
        )
        print("from gzip   \(milliseconds(result.planFromGzipSeconds))")
        print(
            "foundation  \(milliseconds(result.foundationSeconds)) to parse only; "
                + "\(result.foundationMemoryBytes / 1_000_000) MB more resident")
        print("ratio       \((result.ratio * 10).rounded() / 10)")
    }
}
