import FrameEngine

/// How a fetch ended, for a person, for a program, and as an exit status.
struct FetchSummaryText {
    /// One line {"event":"summary",…} on standard output.
    struct JSONEvent: Encodable {
        let event = "summary"
        let conclusion: String
        let exitStatus: Int32
        let seconds: Double
        let outputDirectory: String
        let transport: String
        let counts: FetchProgress
    }

    private let summary: FetchSummary

    init(_ summary: FetchSummary) { self.summary = summary }

    /// The exit status of the contract.
    var status: ExitStatus {
        switch summary.conclusion {
        case .complete: .success
        case .interrupted: .interrupted
        case .stopped(let error): ExitStatus(of: error)
        case .someFailed: someFailedStatus
        }
    }

    /// A run that got not a single frame because no source could be read tells why by its status.
    private var someFailedStatus: ExitStatus {
        guard summary.progress.framesPlanned == 0, let first = summary.sourceFailures.first else {
            return .someFailed
        }
        let statuses = Set(summary.sourceFailures.map { ExitStatus(of: $0.error) })
        return statuses.count == 1 ? ExitStatus(of: first.error) : .someFailed
    }

    /// What went wrong, one line each: what ended the run, or else the sources and the kinds of frames that failed.
    var problems: [String] {
        switch summary.conclusion {
        case .complete, .interrupted: return []
        case .stopped(let error):
            return [[error.message, framesFailed].compactMap(\.self).joined(separator: "; ")]
        case .someFailed: break
        }
        var lines = summary.sourceFailures.prefix(10).map(\.line)
        let unnamed = summary.progress.imageSetsFailed - lines.count
        if unnamed > 0 {
            lines.append("\(Formatting.count(unnamed, of: "more image set")) could not be planned")
        }
        let progress = summary.progress
        if let failed = framesFailed {
            lines.append("\(failed); \(summary.outputDirectory)/manifest.jsonl says which and why")
        } else if progress.unverifiable > 0, progress.imageSetsFailed == 0 {
            let subject =
                summary.resolution.isFull
                ? "without a checksum" : "without a checksum for the resolution asked for"
            lines.append(
                "\(Formatting.count(progress.unverifiable, of: "frame")) \(subject) were not written; "
                    + "--allow-unverifiable writes them")
        }
        return lines
    }

    /// How many frames failed, by error; nil when none did.
    private var framesFailed: String? {
        let progress = summary.progress
        guard progress.failed + progress.mismatch > 0 else { return nil }
        let kinds = progress.framesByError.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(8)
            .map { "\($0.key) \(Formatting.count($0.value))" }.joined(separator: ", ")
        return "\(Formatting.count(progress.failed + progress.mismatch, of: "frame")) failed (\(kinds))"
    }

    /// The summary on standard output.
    var lines: [String] {
        let progress = summary.progress
        let seconds = max(summary.seconds, 1e-6)
        var counts = ["\(Formatting.count(progress.verified)) verified"]
        for (count, name) in [
            (progress.resumed, "verified by an earlier run"),
            (progress.unverifiable, "without a checksum"), (progress.mismatch, "mismatched"),
            (progress.failed, "failed"),
        ] where count > 0 {
            counts.append("\(Formatting.count(count)) \(name)")
        }
        let open = progress.framesPlanned - progress.framesFinished
        if open > 0 { counts.append("\(Formatting.count(open)) not fetched") }
        let received = Formatting.rate(bytesPerSecond: Double(progress.encodedBytes) / seconds)
        let decoded = Formatting.rate(bytesPerSecond: Double(progress.decodedBytes) / seconds)
        let larger = Formatting.count(progress.framesLackingResolution, of: "frame")
        let note = "\(larger) larger than asked for: no lower resolution is stored"
        return [
            "\(Formatting.count(progress.framesPlanned, of: "frame")) of "
                + "\(Formatting.count(progress.imageSetsPlanned, of: "image set")): \(counts.joined(separator: ", "))",
            "\(Formatting.bytes(progress.encodedBytes)) received at \(received), "
                + "\(Formatting.bytes(progress.decodedBytes)) decoded at \(decoded), "
                + "\(Formatting.decimal(Double(progress.framesFetched) / seconds)) frames/s, "
                + "\(Formatting.clock(summary.elapsed)) in all",
        ] + (progress.framesLackingResolution > 0 ? [note] : []) + [
            "\(conclusion): \(summary.outputDirectory)"
        ]
    }

    var jsonEvent: JSONEvent {
        JSONEvent(
            conclusion: conclusion, exitStatus: status.rawValue, seconds: summary.seconds,
            outputDirectory: summary.outputDirectory, transport: summary.transport, counts: summary.progress)
    }

    private var conclusion: String {
        switch summary.conclusion {
        case .complete: "complete"
        case .someFailed: "some-failed"
        case .interrupted: "interrupted"
        case .stopped: "stopped"
        }
    }
}
