import ArgumentParser
import FrameEngine
import ImagingWorkflow
import Synchronization

/// `hi-fetch copy`: DICOM files into a bucket.
struct Copy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy DICOM files into a bucket: from another bucket, or from this machine.",
        discussion: """
            EXAMPLE: hi-fetch copy s3://idc-open-data/00029d25-fb18-4d42-aaa5-a0897d1ac8f7/ --to s3://my-bucket/chest/
                     hi-fetch copy scans/ more/one.dcm --to s3://my-bucket/scans/

            Within S3 no byte passes through this machine. From folders every DICOM file is taken, however deep, and \
            everything else is named. What the bucket has already is left alone, so the same command again goes on where \
            the last one stopped. With --json: lines {"event":"failed"|"not-dicom"|"summary",...}.
            """)

    @Argument(
        help: ArgumentHelp(
            "One s3://bucket/prefix, or DICOM files and folders of this machine.", valueName: "source"))
    var sources: [String] = []

    @Option(
        name: .customLong("idc-study"),
        help: ArgumentHelp(
            "In place of a source: a public study, 1 CT of chest, 2 CT of pelvis, 3 MRI of head, 4 MRI of breast.",
            valueName: "n"))
    var idcStudy: Int?

    @Option(name: .customLong("to"), help: ArgumentHelp("The folder to copy into.", valueName: "s3-uri"))
    var destination: S3Location

    @Flag(name: .customLong("create-bucket"), help: "Make the bucket if there is none of that name.")
    var createBucket = false

    @Option(help: ArgumentHelp("Files at once.", valueName: "n"))
    var concurrency = 32

    @Option(
        help: ArgumentHelp(
            "Stop when this time is over. Seconds, or with a unit: 90s, 30m, 2h. Without it: no limit.",
            valueName: "time"))
    var timeout: DurationArgument?

    @OptionGroup(title: "The service") var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        _ = try source()
        guard (1...1_000).contains(concurrency) else {
            throw ValidationError("--concurrency must be from 1 to 1000.")
        }
    }

    /// What is to be copied.
    private func source() throws -> CopySource {
        if let idcStudy {
            guard sources.isEmpty else { throw ValidationError("--idc-study goes without other sources.") }
            guard IDCStudy.all.indices.contains(idcStudy - 1) else {
                throw ValidationError("--idc-study must be from 1 to \(IDCStudy.all.count).")
            }
            return .bucket(name: IDCStudy.bucket, prefix: IDCStudy.all[idcStudy - 1].folder)
        }
        let remote = sources.filter { $0.hasPrefix("s3://") }
        if remote.isEmpty {
            guard !sources.isEmpty, !sources.contains("") else {
                throw ValidationError(
                    "Say what to copy: an s3://bucket/prefix, files, folders, or --idc-study.")
            }
            return .files(sources)
        }
        guard sources.count == 1, let location = S3Location(remote[0]) else {
            throw ValidationError(
                "A source in S3 must be of the form s3://bucket/prefix and the only one; '\(remote[0])' is not."
            )
        }
        return .bucket(name: location.bucket, prefix: location.prefix)
    }

    func run() async throws {
        let console = Console.standard
        let verb = self
        let result = try await Self.interruptible { try await verb.copy(console: console) }
        conclude(result, console: console)
        if !result.failures.isEmpty {
            console.error(
                "\(Formatting.count(result.failures.count)) of "
                    + "\(Formatting.count(result.copied + result.skipped + result.failures.count, of: "file")) were not "
                    + "copied; the same command again copies only what is missing")
            throw ExitCode(ExitStatus.someFailed.rawValue)
        }
    }

    private func copy(console: Console) async throws -> CopyResult {
        let source = try source()
        var configuration = TransportConfiguration()
        // A large file takes its time; one that stands still is noticed all the same.
        configuration.totalTimeout = nil
        configuration.idleTimeout = .seconds(120)
        return try await connection.withTransport(configuration) { transport, settings in
            let step = CopyStep(
                s3: S3Client(transport: transport, settings: settings), concurrency: concurrency)
            let meter = CopyMeter()
            return try await ProgressDisplay(console: console) { meter.sample }.run {
                try await withTimeLimit(timeout?.duration) {
                    try await step.copy(
                        source, to: destination.bucket, prefix: destination.prefix,
                        createsBucket: createBucket
                    ) { meter.note($0) }
                }
            }
        }
    }

    private func conclude(_ result: CopyResult, console: Console) {
        for failure in result.failures.prefix(outputOptions.json ? .max : 20) {
            if outputOptions.json {
                console.json(
                    CopyLine.Failed(
                        source: failure.source, code: failure.error.code, message: failure.error.message))
            } else {
                console.error(failure.text)
            }
        }
        if outputOptions.json {
            for path in result.otherFiles { console.json(CopyLine.NotDICOM(path: path)) }
            console.json(CopyLine.Summary(result, to: destination))
            return
        }
        if let first = result.otherFiles.first {
            let others =
                result.otherFiles.count > 1
                ? " and \(Formatting.count(result.otherFiles.count - 1)) more" : ""
            console.warning("not DICOM, so not copied: \(first)\(others)")
        }
        let there =
            result.skipped > 0 ? "; \(Formatting.count(result.skipped, of: "file")) were there already" : ""
        console.result(
            "\(Formatting.count(result.copied, of: "file")), \(Formatting.bytes(result.bytes)), copied to "
                + "\(destination)\(there).")
    }

    /// Runs `work`, no longer than `limit`.
    private func withTimeLimit<Value: Sendable>(
        _ limit: Duration?, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        guard let limit else { return try await work() }
        return try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(for: limit)
                throw CommandFailure(
                    .serviceUnavailable,
                    "--timeout: not everything was copied in time; the same command again goes on")
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }
}
