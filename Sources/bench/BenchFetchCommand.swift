import ArgumentParser
import Foundation
import FrameEngine

/// `bench fetch`: a whole fetch, beside bare decoding of the same frames.
struct BenchFetchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch",
        abstract: "Measures a whole fetch beside bare libopenjph decoding of the same frames on one core.",
        discussion: """
            EXAMPLE: bench fetch --url https://127.0.0.1:18443 --ca-bundle cert.pem --input plan.json --format raw

            Frames are verified, and written into a temporary folder that is removed again. decodeEquivalent is the
            fetch's frames a second over those of bare decoding: pin server and client to different cores with
            taskset to compare machines. The floors are what transport, decoding, checksums and writing cost when each
            runs alone in the same process. Everything is measured in rounds, and the figures are medians.
            """)

    @OptionGroup var served: ServedPlan

    @Option(help: "raw, jph or none.")
    var format: String = OutputFormat.raw.rawValue

    @Option(
        help: "Where the temporary folder is made; a memory file system keeps the disk out of the figures.")
    var output: String = NSTemporaryDirectory()

    @Option(help: "Threads that decode; one a core by default.")
    var workers: Int?

    @Option(help: "Connections to the server.")
    var connections: Int?

    @Option(help: "How often all of it is measured.")
    var rounds = 3

    @Flag(help: "Sign requests with the credentials of the environment.")
    var sign = false

    @Flag(help: "One JSON object on standard output.")
    var json = false

    func validate() throws {
        guard OutputFormat(rawValue: format) != nil else {
            throw ValidationError("--format \(format) is not one of raw, jph, none.")
        }
        guard rounds >= 1 else { throw ValidationError("--rounds \(rounds) is not 1 or more.") }
    }

    func run() async throws {
        let folder = "\(output)/hi-fetch-bench-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var options = FetchOptions(outputDirectory: folder, format: OutputFormat(rawValue: format) ?? .raw)
        options.workers = workers
        options.connections = connections
        let result = try await FetchBenchmark(
            plan: served.input, settings: try served.settings(isSigned: sign), options: options,
            rounds: rounds
        ).run()
        if json { return try result.printAsJSON() }
        for line in Self.describe(result) { print(line) }
    }

    private static func describe(_ result: FetchBenchmark.Result) -> [String] {
        func number(_ value: Double, _ digits: Int) -> String {
            value.formatted(.number.precision(.fractionLength(digits)).grouping(.never))
        }
        return [
            MachineDescription.current.line,
            "fetch     \(result.frames) frames as \(result.format) in \(number(result.seconds, 2)) s: "
                + "\(number(result.framesPerSecond, 0)) frames/s, "
                + "\(number(result.receivedMegabytesPerSecond, 0)) MB/s received, "
                + "\(number(result.decodedMegabytesPerSecond, 0)) MB/s decoded",
            "cost      \(number(result.cpuSecondsPerFrame * 1e3, 3)) ms CPU a frame, "
                + "\(number(Double(result.peakMemoryBytes) / 1e6, 0)) MB resident at the most; "
                + "\(result.workers) workers, \(result.transport)",
            "baseline  \(number(result.openjphFramesPerSecond, 0)) frames/s, bare libopenjph decoding, one core",
            "ratio     \(number(result.decodeEquivalent, 2)) decode equivalents",
            "floors    \(number(result.floors.transportMilliseconds, 3)) transport, "
                + "\(number(result.floors.decodeMilliseconds, 3)) decode, "
                + "\(number(result.floors.checksumMilliseconds, 3)) checksum of the file, "
                + "\(number(result.floors.writeMilliseconds, 3)) write: "
                + "\(number(result.floors.sumMilliseconds, 3)) ms CPU a frame; the whole costs "
                + "\(number(result.overhead, 2)) of it",
        ]
    }
}
