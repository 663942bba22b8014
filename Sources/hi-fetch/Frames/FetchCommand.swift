import ArgumentParser
import FrameEngine

/// `hi-fetch fetch`: the main job.
struct Fetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fetch, decode, verify and write frames.",
        discussion: """
            EXAMPLE: hi-fetch fetch --datastore 12345678901234567890123456789012 --all --output frames

            Writes DIR/<datastoreId>/<imageSetId>/<imageFrameId>.<ext>, a line a frame in DIR/manifest.jsonl, \
            and DIR/report.json. A file has its final name only when it is whole. With --json: the manifest's \
            line for each frame as it ends, then one line {"event":"summary",...}.

            With --reduce or --max-size the pixels of a lower resolution are written and compared with the metadata's \
            checksum for that size; where it lists none the frame is unverifiable. The service sends whole frames all \
            the same. A frame with fewer levels is taken at its lowest resolution, frames that are not JPEG 2000 as \
            they are; the manifest has each frame's reduction, width and height.

            The same command again goes on where the last one was stopped or killed: frames that the manifest names \
            as verified, in the same format and resolution, and whose files are there in their size, are left as they \
            are.
            """)

    @OptionGroup(title: "What to fetch") var selection: SelectionOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The folder to write into; made when missing.", valueName: "dir"))
    var output: String?

    @Option(
        help: """
            raw: decoded pixels, little-endian, pixel-interleaved; jph: the bytes as served; none: only fetch, \
            decode and verify.
            """)
    var format: OutputFormat = .raw

    @Flag(name: .customLong("keep-codestream"), help: "With --format raw: keep the bytes as served as well.")
    var keepCodestream = false

    @Flag(
        name: .customLong("allow-unverifiable"),
        help:
            "Write frames that have no checksum, and count them as a success. They are marked in the manifest."
    )
    var allowUnverifiable = false

    @Option(
        name: .customLong("metrics-file"),
        help: ArgumentHelp(
            "Keep counts, times and gauges of the run in this file, in Prometheus' text format; replaced as a whole.",
            valueName: "file"))
    var metricsFile: String?

    @Flag(name: .customLong("dry-run"), help: "Only say what would be fetched, as 'hi-fetch plan' does.")
    var dryRun = false

    @OptionGroup(title: "A lower resolution") var resolutionOptions: ResolutionOptions
    @OptionGroup(title: "Earlier runs and safety") var resume: ResumeOptions
    @OptionGroup(title: "The service") var connection: ConnectionOptions
    @OptionGroup(title: "Speed and limits (the program chooses well)") var limits: LimitOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if keepCodestream, format != .raw {
            throw ValidationError("--keep-codestream goes with --format raw.")
        }
        if !resolutionOptions.choice(onShortage: .takeLowest).isFull, format == .jph || keepCodestream {
            throw ValidationError(
                "--reduce and --max-size go with decoded pixels: a codestream is kept whole or not at all, so leave out "
                    + (format == .jph ? "--format jph." : "--keep-codestream."))
        }
        if metricsFile == "" { throw ValidationError("--metrics-file needs the name of a file.") }
        if let metricsFile, let output, MetricsFile.isIn(output, path: metricsFile) {
            throw ValidationError(
                "--metrics-file must lie outside --output: 'verify' reports files that the manifest does not name."
            )
        }
        if metricsFile != nil, dryRun { throw ValidationError("--metrics-file goes without --dry-run.") }
        if output?.isEmpty != false, !dryRun { throw ValidationError("Say where to write: --output DIR.") }
        if let output { try resume.check(output: output) }
    }

    func run() async throws {
        guard let output, !dryRun else {
            return try await PlanRun(selection: selection, connection: connection, isJSON: outputOptions.json)
                .run()
        }
        let console = Console.standard
        let settings = try connection.settings()
        // Before the session, which measures for whoever wants it by then.
        let metrics = try metricsFile.map { try MetricsFile(path: $0) }
        let session = try FetchSession(
            options: fetchOptions(output: output), settings: settings, datastoreID: selection.datastore,
            sources: selection.sources)
        let signals = InterruptSignals {
            console.message(
                "hi-fetch: stopping; frames in flight are finished or dropped. Press Ctrl-C again to end at once."
            )
            session.interrupt()
        }
        let printFrame: FetchSession.FrameObserver = { outcome in
            console.result(bytes: outcome.manifestLine())
        }
        let onFrame = outputOptions.json ? printFrame : nil
        let start = ContinuousClock.now
        let display = ProgressDisplay(console: console) {
            ProgressSample(session.progress, elapsed: start.duration(to: .now))
        }
        defer { signals.stop() }
        // `fetch --json | head`: nobody reads on, but what is on disk stays whole and the report is written.
        console.whenOutputCloses { session.interrupt() }
        let run: @Sendable () async throws -> FetchSummary = {
            try await display.run {
                try await session.run(onFrame: onFrame) { console.warning($0) }
            }
        }
        let summary =
            if let metrics { try await metrics.run(console: console, while: run) } else { try await run() }
        console.whenOutputCloses(nil)
        // The whole run is in the file before anybody can see that it has ended; what it came to counts more.
        let written = Result { try metrics?.write() }
        try conclude(summary, console: console)
        try written.get()
    }

    private func fetchOptions(output: String) -> FetchOptions {
        var options = FetchOptions(
            outputDirectory: output, format: format, keepsCodestream: keepCodestream,
            resolution: resolutionOptions.choice(onShortage: .takeLowest),
            allowsUnverifiable: allowUnverifiable)
        options.shard = selection.shard
        return limits.fetchOptions(resume.fetchOptions(options))
    }

    private func conclude(_ summary: FetchSummary, console: Console) throws {
        let text = FetchSummaryText(summary)
        for line in text.problems { console.error(line) }
        if outputOptions.json {
            console.json(text.jsonEvent)
        } else if summary.progress.imageSetsPlanned > 0 {
            for line in text.lines { console.result(line) }
        }
        if text.status != .success { throw ExitCode(text.status.rawValue) }
    }
}

/// How fast and with how much. Every value has a default that the program chooses.
struct LimitOptions: ParsableArguments {
    @Option(
        help: """
            For JPEG 2000 and HTJ2K frames. native: the project's own HTJ2K decoder; auto: native, then OpenJPEG \
            for what that declines; openjpeg: OpenJPEG alone.
            """)
    var decoder: DecoderPreference = .auto

    @Option(
        help: ArgumentHelp("Threads that decode, verify and write; one a core by default.", valueName: "n"))
    var workers: Int?

    @Option(
        help: ArgumentHelp(
            "Connections to the service, all of them in use. Without it as many as make the run faster.",
            valueName: "n"))
    var connections: Int?

    @Option(help: ArgumentHelp("HTTP/2 streams a connection, 19 at most.", valueName: "n"))
    var streams: Int?

    @Option(
        name: .customLong("http-version"),
        help: "Over TLS: 1.1, 2, or auto, which is 2 where the installed libcurl multiplexes safely.")
    var httpVersion = HTTPVersionArgument.auto

    @Option(
        name: .customLong("idle-timeout"),
        help: ArgumentHelp(
            "Give a request up, and make it again, when no byte moves for so long; 30 by default.",
            valueName: "seconds"))
    var idleTimeout: Int?

    @Option(
        name: .customLong("max-tps"),
        help: ArgumentHelp(
            """
            Requests for frames a second, in the long run. 1000 for AWS's endpoints, its documented quota; no limit \
            for others.
            """, valueName: "n"))
    var maximumRequestsPerSecond: Double?

    @Option(
        name: .customLong("memory-limit"),
        help: ArgumentHelp(
            "Bytes of frames in flight: 512M, 2G. A quarter of memory, 1G at most.", valueName: "bytes"))
    var memoryLimit: ByteCountArgument?

    @Option(help: ArgumentHelp("How often a request is repeated when it fails.", valueName: "n"))
    var retries = 5

    func validate() throws {
        try Self.check(workers, "--workers", 1...1024)
        try Self.check(connections, "--connections", 1...1024)
        // The service drops connections that carry 20 streams or more (its own batch tool's README).
        try Self.check(streams, "--streams", 1...19)
        try Self.check(retries, "--retries", 0...100)
        try Self.check(idleTimeout, "--idle-timeout", 1...3600)
        if let rate = maximumRequestsPerSecond, !(1...1_000_000).contains(rate) {
            throw ValidationError("--max-tps must be from 1 to 1000000.")
        }
        if let memoryLimit, memoryLimit.bytes < 1 << 20 {
            throw ValidationError("--memory-limit must be 1M or more.")
        }
    }

    /// `options` with these limits put in.
    func fetchOptions(_ options: FetchOptions) -> FetchOptions {
        var options = options
        options.decoder = decoder
        options.workers = workers
        options.connections = connections
        options.streams = streams
        options.protocolChoice = httpVersion.choice
        options.idleTimeout = idleTimeout.map { .seconds($0) }
        options.requestsPerSecond = maximumRequestsPerSecond
        options.retry.attempts = retries + 1
        if let memoryLimit { options.memoryLimitInBytes = memoryLimit.bytes }
        return options
    }

    private static func check(_ value: Int?, _ name: String, _ allowed: ClosedRange<Int>) throws {
        guard let value, !allowed.contains(value) else { return }
        throw ValidationError("\(name) must be from \(allowed.lowerBound) to \(allowed.upperBound).")
    }
}

extension ProgressSample {
    init(_ progress: FetchProgress, elapsed: Duration) {
        self.init(
            elapsed: elapsed, framesDone: progress.framesFinished,
            framesTotal: progress.framesPlanned > 0 ? progress.framesPlanned : nil,
            framesFailed: progress.failed + progress.mismatch, receivedBytes: progress.encodedBytes,
            decodedBytes: progress.decodedBytes)
    }
}
