import ArgumentParser
import FrameEngine

/// `hi-fetch verify`: is on disk what the manifest says?
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Re-read every file that the manifest names: missing, changed, extra, unreadable.",
        discussion: """
            EXAMPLE: hi-fetch verify frames

            Works offline and decodes nothing: every file's size, and the checksum of its bytes, are compared with \
            what the manifest recorded when the file was written. Also says when the last fetch into the folder did \
            not end complete. Exit status 1 when anything is not as it was written. With --json: one line for each such file \
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
        /// As the folder's report.json says it; absent without one.
        let fetchConclusion: String?
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
        let conclusion = verifier.conclusionOfLastFetch()
        if let warning = warning(result, fetchConclusion: conclusion) { console.warning(warning) }
        if isJSON {
            console.json(
                Summary(
                    clean: result.isClean, seconds: elapsed.seconds, fetchConclusion: conclusion,
                    counts: result))
        } else {
            console.result(Self.summary(result, elapsed: elapsed))
        }
        if !result.isClean { throw ExitCode(ExitStatus.someFailed.rawValue) }
    }

    /// Why a folder whose files are as they were written may still not be the whole selection.
    private func warning(_ result: OutputVerification, fetchConclusion: String?) -> String? {
        if result.records == 0, result.damaged == 0 {
            return "\(directory)/manifest.jsonl has no records; there is nothing to compare with"
        }
        switch fetchConclusion {
        case "complete": return nil
        case "some-failed":
            return "the last fetch into \(directory) says that some frames or image sets failed (report.json)"
        case let ending?:
            return "the last fetch into \(directory) ended before its end: \(ending) (report.json); "
                + "frames that it did not reach are not checked"
        case nil:
            return "\(directory) has no report.json: its last fetch was killed or is still running; "
                + "frames that it did not reach are not checked"
        }
    }

    private static func summary(_ result: OutputVerification, elapsed: Duration) -> String {
        let rate = Double(result.bytesRead) / max(elapsed.seconds, 1e-6)
        var problems: [String] = []
        for (count, name) in [
            (result.missing, "missing"), (result.changed, "changed"), (result.extra, "extra"),
            (result.unreadable, "unreadable"), (result.damaged, "damaged in the manifest"),
        ] where count > 0 {
            problems.append("\(Formatting.count(count)) \(name)")
        }
        var line =
            "\(Formatting.count(result.filesChecked, of: "file")) checked, \(Formatting.bytes(result.bytesRead)) at "
            + "\(Formatting.rate(bytesPerSecond: rate)): "
        line += problems.isEmpty ? "all as they were written" : problems.joined(separator: ", ")
        if result.framesNotStored > 0 {
            line +=
                "; \(Formatting.count(result.framesNotStored, of: "frame")) had failed, without a file to check"
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
