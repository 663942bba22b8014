import ArgumentParser
import Foundation
import FrameEngine

/// `bench mammogram`: one large frame on one core and on several.
struct BenchMammogramCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mammogram",
        abstract: "Decodes one frame of 20 megapixels on one core and spread over several.",
        discussion: """
            The frame, 4096 x 5120 with 12 bits, is painted from a seed and encoded in the run. The native decoder \
            decodes it alone and with helpers in turn, checksum included; figures are medians.

            Example: bench mammogram --threads 2 --repeats 11
            """)

    @Option(help: "Threads that share the frame. Default: one for each core.")
    var threads: Int?

    @Option(help: "How often the frame is decoded each way.")
    var repeats = 9

    @Option(help: "Another seed, another frame.")
    var seed: UInt64 = 1

    @Flag(help: "One JSON object on standard output.")
    var json = false

    func validate() throws {
        guard repeats >= 1 else { throw ValidationError("--repeats must be at least 1") }
        if let threads, threads < 2 || threads > 64 { throw ValidationError("--threads must be 2 to 64") }
    }

    func run() throws {
        let result = try MammogramBenchmark(
            threads: threads ?? max(2, CorePinning.availableCores), repeats: repeats, seed: seed
        ).run()
        if json { return try result.printAsJSON() }
        print(MachineDescription.current.line)
        print(
            "frame      4096 x 5120, 12 bits, \(result.encodedBytes) bytes encoded, seed \(seed)")
        print(String(format: "1 core     %.1f ms", result.millisecondsAlone))
        print(String(format: "%-2d cores   %.1f ms", result.threads, result.millisecondsTogether))
        print(
            String(format: "ratio      %.2f; %.2f of the least times", result.ratio, result.leastRatio))
        print(String(format: "CPU time   %.2f of that of one thread", result.cpuRatio))
    }
}
