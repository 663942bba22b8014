import ArgumentParser
import Foundation
import FrameEngine

/// `bench decode DIR`.
struct BenchDecodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "Decodes every HTJ2K file of a folder with the native decoder, OpenJPEG and libopenjph.",
        discussion: """
            A turn is one decoder decoding all files once, one after the other, as in a fetch; the decoders' turns \
            alternate and their order rotates. Times are medians over the turns, for one thread kept on one core; \
            they cover decoding, packing and the CRC-32. The native decoder runs once with each instruction set that \
            the machine has, the larger ones masked off. A difference of a single byte between the decoders is an error.

            Then each decoder runs on several threads, one a core, each decoding the set at least 20 times, beside \
            the same on one thread. At last the native decoder's allocations and page faults are counted once it is warm.

            Example: bench decode shared/data/frames --repeats 9 --json
            """)

    @Argument(help: "A folder with *.j2c, *.jph or *.jp2 files.")
    var folder: String

    @Option(help: "Threads of the second run, 1 for none. Default: one for each core.")
    var threads: Int?

    @Option(help: "Turns of each decoder.")
    var repeats = 7

    @Flag(help: "Also tell where the native decoder's time goes, in nanoseconds a sample.")
    var stages = false

    @Flag(help: "Print one JSON object instead of a table.")
    var json = false

    func validate() throws {
        guard repeats >= 1 else { throw ValidationError("--repeats must be at least 1") }
        if let threads, threads < 1 || threads > 1024 { throw ValidationError("--threads must be 1 to 1024") }
    }

    func run() throws {
        let inputs = try readInputs()
        let benchmark = DecodeBenchmark(
            inputs: inputs, repeats: repeats, threads: threads ?? CorePinning.availableCores)
        var report = try benchmark.run()
        if stages {
            report.stages = try CorePinning.onOneCore {
                try DecodeStagesReport.measure(inputs, repeats: repeats)
            }
        }
        Self.note(report.machine.line)
        print(json ? try report.json() : report.table())
    }

    /// Whole HTJ2K files, by name; others are named on standard error and left out.
    private func readInputs() throws -> [DecodeBenchmark.Input] {
        let folder = URL(fileURLWithPath: self.folder, isDirectory: true)
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else {
            throw BenchError("\(self.folder) is not a folder that can be read")
        }
        let pool = BufferPool()
        var inputs: [DecodeBenchmark.Input] = []
        for name in names.sorted() where ["j2c", "jph", "jp2"].contains((name as NSString).pathExtension) {
            let data = try Data(contentsOf: folder.appendingPathComponent(name))
            let encoded = pool.buffer(capacity: data.count)
            data.withUnsafeBytes { encoded.append($0) }
            do {
                inputs.append(.init(name: name, encoded: encoded, layout: try Self.layout(of: encoded)))
            } catch let error as any StageError {
                Self.note("left out: \(name): \(error.message)")
            }
        }
        guard !inputs.isEmpty else { throw BenchError("there is no HTJ2K file in \(self.folder)") }
        return inputs
    }

    private static func layout(of encoded: PooledBuffer) throws -> PixelLayout {
        let container = try JP2Container(parsing: encoded.bytes)
        let codestream = UnsafeRawBufferPointer(rebasing: encoded.bytes[container.codestream])
        let header = try CodestreamHeader(parsing: codestream)
        if let truncation = try TilePartIndex(of: codestream, header: header).truncation { throw truncation }
        guard header.isHighThroughput else {
            throw DecodeError(.unsupported, "libopenjph decodes HTJ2K only, and this is JPEG 2000 Part 1")
        }
        return header.layout()
    }

    private static func note(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }
}
