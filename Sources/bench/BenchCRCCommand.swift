import ArgumentParser
import Foundation

/// `bench crc`: the checksum, beside zlib's, and the check of an output folder, beside reading it.
struct BenchCRCCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crc",
        abstract: "Measures CRC-32 beside zlib's, and 'verify' of a folder beside only reading its files.",
        discussion: """
            EXAMPLE: bench crc --megabytes 256
            EXAMPLE: bench crc --directory frames

            The two functions take turns over the same bytes; rates are medians. With --directory: how fast the
            folder is verified by its manifest on all cores, and how fast as many threads only read the same files.
            """)

    @Option(help: "Bytes to check, in millions.")
    var megabytes = 64

    @Option(help: "How often each is measured; the median counts.")
    var repeats = 9

    @Option(help: "A folder that a fetch wrote: verify it as well.")
    var directory: String?

    @Flag(help: "One JSON object on standard output.")
    var json = false

    func validate() throws {
        guard (1...16_384).contains(megabytes) else {
            throw ValidationError("--megabytes must be from 1 to 16384.")
        }
        guard (1...100).contains(repeats) else { throw ValidationError("--repeats must be from 1 to 100.") }
    }

    func run() async throws {
        let benchmark = CRCBenchmark(byteCount: megabytes * 1_000_000, repeats: repeats)
        var result = try CorePinning.onOneCore { try benchmark.run() }
        if let directory {
            result.verification = try await VerifyBenchmark(directory: directory, repeats: repeats).run()
        }
        if json { return try result.printAsJSON() }
        func rate(_ megabytes: Double) -> String { "\(Int(megabytes.rounded())) MB/s" }
        func ratio(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
        print(MachineDescription.current.line)
        print("isa-l       \(rate(result.isalMegabytesPerSecond)) on one core")
        print("zlib        \(rate(result.zlibMegabytesPerSecond))")
        print("ratio       \(ratio(result.ratio))")
        guard let folder = result.verification else { return }
        print(
            "verify      \(rate(folder.verifyMegabytesPerSecond)), \(folder.files) files, \(folder.threads) threads"
        )
        print("read        \(rate(folder.readMegabytesPerSecond)), the same files and threads")
        print("ratio       \(ratio(folder.ratio))")
    }
}
