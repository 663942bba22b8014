import ArgumentParser
import FrameEngine

/// `hi-fetch verify`: is on disk what the manifest says?
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Re-read every file that the manifest names: missing, changed, extra.",
        discussion: """
            EXAMPLE: hi-fetch verify frames

            Works offline. Pixels are compared by their checksum; codestreams (--format jph) are decoded first. \
            Exit status 1 when anything is not as it was written. With --json: one line for each such file \
            {"event":"finding",...}, then one line {"event":"summary",...}.
            """)

    /// One file that is not as it should be.
    struct Finding: Encodable {
        let event = "finding"
        let file: String
        let finding: OutputFinding
        let detail: String
    }

    /// The counts at the end.
    struct Summary: Encodable {
        let event = "summary"
        let clean: Bool
        let seconds: Double
        let counts: OutputVerification
    }

    @Argument(help: ArgumentHelp("The folder that a fetch wrote into.", valueName: "dir"))
    var directory: String

    @Option(help: ArgumentHelp("Threads that read and check; one a core by default.", valueName: "n"))
    var workers: Int?

    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if let workers, !(1...1024).contains(workers) {
            throw ValidationError("--workers must be from 1 to 1024.")
        }
    }

    func run() async throws {
        let console = Console.standard
        let isJSON = outputOptions.json
        let verifier = OutputVerifier(directory: directory, workers: workers)
        let start = ContinuousClock.now
        let display = ProgressDisplay(console: console) {
            ProgressSample(verifier.progress, elapsed: start.duration(to: .now))
        }
        let result = try await display.run {
            try await verifier.run { file, finding, detail in
                if isJSON {
                    console.json(Finding(file: file, finding: finding, detail: detail))
                } else {
                    console.result("\(finding.rawValue): \(Console.oneLine(file)) (\(detail))")
                }
            }
        }
        let elapsed = start.duration(to: .now)
        if isJSON {
            console.json(Summary(clean: result.isClean, seconds: elapsed.seconds, counts: result))
        } else {
            console.result(Self.summary(result, elapsed: elapsed))
        }
        if !result.isClean { throw ExitCode(ExitStatus.someFailed.rawValue) }
    }

    private static func summary(_ result: OutputVerification, elapsed: Duration) -> String {
        let rate = Double(result.bytesRead) / max(elapsed.seconds, 1e-6)
        var problems: [String] = []
        for (count, name) in [
            (result.missing, "missing"), (result.changed, "changed"), (result.extra, "extra"),
            (result.unreadable, "unreadable"),
        ] where count > 0 {
            problems.append("\(Formatting.count(count)) \(name)")
        }
        var line =
            "\(Formatting.count(result.filesChecked, of: "file")) checked, \(Formatting.bytes(result.bytesRead)) at "
            + "\(Formatting.rate(bytesPerSecond: rate)): "
        line += problems.isEmpty ? "all as they were written" : problems.joined(separator: ", ")
        if result.framesNotStored > 0 {
            line += "; \(Formatting.count(result.framesNotStored, of: "frame")) had failed and have no file"
        }
        return line
    }
}

extension ProgressSample {
    init(_ progress: OutputVerification, elapsed: Duration) {
        self.init(
            elapsed: elapsed, framesDone: progress.filesChecked,
            framesTotal: progress.filesNamed > 0 ? progress.filesNamed : nil,
            framesFailed: progress.missing + progress.changed + progress.unreadable,
            receivedBytes: progress.bytesRead, decodedBytes: nil, noun: "files", byteVerb: "read")
    }
}
