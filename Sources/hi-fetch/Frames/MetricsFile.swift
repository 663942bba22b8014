import Foundation
import FrameEngine

/// `--metrics-file`: what the engine measures, in a file that Prometheus' node exporter (its textfile collector) or
/// anything else can read at any moment: it is replaced as a whole, every few seconds and at the end.
struct MetricsFile: Sendable {
    private static let interval = Duration.seconds(3)

    private let path: String
    private let registry = PrometheusRegistry()

    /// Makes the process measure, and writes the file for the first time: a path that cannot be written to must not be
    /// found out hours later.
    ///
    /// - Throws: `WriteError`; `CommandFailure` where something else than a file stands there.
    init(path: String) throws {
        self.path = try Self.place(path)
        registry.install()
        try write()
    }

    /// Runs `work` and keeps the file up to date meanwhile. A failure to write is told once and ends nothing.
    func run<Value: Sendable>(
        console: Console, while work: @Sendable () async throws -> Value
    ) async throws -> Value {
        let ticker = Task {
            var isTold = false
            while (try? await Task.sleep(for: Self.interval)) != nil {
                do {
                    try write()
                } catch {
                    if !isTold { console.warning(CommandFailure(describing: error).message) }
                    isTold = true
                }
            }
        }
        defer { ticker.cancel() }
        let value = try await work()
        ticker.cancel()
        // Nothing older may replace what is written after the end.
        await ticker.value
        return value
    }

    /// The file to replace: where `path` is a link, what it leads to. Renaming would put a file in the place of anything,
    /// also of /dev/null.
    private static func place(_ path: String) throws -> String {
        var status = stat()
        guard stat(path, &status) == 0 else { return path }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw CommandFailure(
                .localIO,
                "--metrics-file \(path) is no regular file: name one that may be replaced, or a new one")
        }
        return URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }

    /// Whether `path` lies in `folder`, where every file that the manifest does not name is one too many.
    static func isIn(_ folder: String, path: String) -> Bool {
        let parts = [folder, path].map { path in
            URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().pathComponents
        }
        return parts[1].starts(with: parts[0])
    }

    /// Replaces the file.
    ///
    /// - Throws: `WriteError`.
    func write() throws {
        try AtomicFile.write(Array(registry.text().utf8), to: path, tag: "metrics")
    }
}
