import Foundation

/// `report.json`: the whole run in one document.
struct FetchReport: Codable {
    struct Failure: Codable {
        let source: String
        let stage: String
        let code: String
        let message: String
    }

    static let fileName = "report.json"

    let conclusion: String
    /// Why the run stopped before its end; absent when it did not.
    let stoppedBy: Failure?
    let startedAt: String
    let seconds: Double
    let framesPerSecond: Double
    let encodedMegabytesPerSecond: Double
    let decodedMegabytesPerSecond: Double
    let format: String
    /// The resolution asked for: `full`, `reduce N`, `max-size WxH`, or both.
    let resolution: String
    let workers: Int
    let transport: String
    let counts: FetchProgress
    let sourceFailures: [Failure]

    init(_ summary: FetchSummary) {
        let seconds = max(summary.seconds, 1e-9)
        let progress = summary.progress
        switch summary.conclusion {
        case .complete: (conclusion, stoppedBy) = ("complete", nil)
        case .someFailed: (conclusion, stoppedBy) = ("some-failed", nil)
        case .interrupted: (conclusion, stoppedBy) = ("interrupted", nil)
        case .stopped(let error): (conclusion, stoppedBy) = ("stopped", Self.failure("run", error))
        }
        startedAt = summary.startedAt.formatted(.iso8601)
        self.seconds = summary.seconds
        framesPerSecond = Double(progress.framesFetched) / seconds
        encodedMegabytesPerSecond = Double(progress.encodedBytes) / 1e6 / seconds
        decodedMegabytesPerSecond = Double(progress.decodedBytes) / 1e6 / seconds
        format = summary.format.rawValue
        resolution = summary.resolution.description
        workers = summary.workers
        transport = summary.transport
        counts = progress
        sourceFailures = summary.sourceFailures.map { Self.failure($0.source, $0.error) }
    }

    /// Writes the report into `directory`, whole or not at all.
    func write(into directory: OutputDirectory, isSynced: Bool = false) throws(WriteError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let path = "\(directory.path)/\(Self.fileName)"
        guard var json = try? encoder.encode(self) else {
            throw WriteError(operation: "encode", path: path, errno: EINVAL)
        }
        json.append(UInt8(ascii: "\n"))
        try AtomicFile.write([UInt8](json), to: path, tag: "report", isSynced: isSynced)
    }

    private static func failure(_ source: String, _ error: any StageError) -> Failure {
        Failure(source: source, stage: error.stage.rawValue, code: error.code, message: error.message)
    }
}
