import Foundation
import Synchronization

/// What is wrong with one file of an output folder.
public enum OutputFinding: String, Sendable, Codable {
    /// The manifest names it and it is not there.
    case missing
    /// It is there with another size or checksum.
    case changed
    /// It is there and the manifest does not name it.
    case extra
    /// It is there and cannot be read.
    case unreadable
}

/// Counts of a check at one moment.
public struct OutputVerification: Sendable, Equatable, Codable {
    /// Files that the manifest names.
    public var filesNamed = 0
    public var filesChecked = 0
    public var bytesRead = 0
    public var missing = 0
    public var changed = 0
    public var extra = 0
    public var unreadable = 0
    /// Frames whose last record says that they failed or mismatched: nothing on disk to check.
    public var framesNotStored = 0

    /// Whether every file is as it was written and no other file is there.
    public var isClean: Bool { missing + changed + extra + unreadable == 0 }

    mutating func count(_ finding: OutputFinding) {
        switch finding {
        case .missing: missing += 1
        case .changed: changed += 1
        case .extra: extra += 1
        case .unreadable: unreadable += 1
        }
    }
}

/// Re-checks an output folder against its manifest, offline, on all cores: every file's size and the CRC-32 of
/// its bytes. Nothing is decoded, so it runs as fast as the files can be read.
public final class OutputVerifier: Sendable {
    private struct Expected: Sendable {
        let file: String
        let crc32: UInt32
        /// Bytes that the file must have.
        let byteCount: Int
    }

    private let root: String
    private let workers: Int
    private let state = Mutex(OutputVerification())

    /// - Parameter directory: the folder that a fetch wrote into.
    public init(directory: String, workers: Int? = nil) {
        root = directory
        self.workers = workers ?? FetchOptions.defaultWorkers
    }

    /// The counts so far. Any thread.
    public var progress: OutputVerification { state.withLock { $0 } }

    /// Checks everything; `onFinding` is called once for each file that is not as it should be, from any thread.
    ///
    /// - Throws: `ManifestError` when there is no usable manifest; `CancellationError`.
    public func run(
        onFinding: @escaping @Sendable (_ file: String, OutputFinding, _ detail: String) -> Void
    ) async throws -> OutputVerification {
        let (expected, notStored) = try readManifest()
        state.withLock { state in
            state.filesNamed = expected.count
            state.framesNotStored = notStored
        }
        let report: @Sendable (String, OutputFinding, String) -> Void = { [self] file, finding, detail in
            state.withLock { $0.count(finding) }
            onFinding(file, finding, detail)
        }
        let buffers = BufferPool()
        let pool = WorkerPool(count: workers, name: "verify") { _ in () }
        defer { pool.shutDown() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            var inFlight = 0
            for file in expected.values {
                try Task.checkCancellation()
                if inFlight >= 4 * workers {
                    try await group.next()
                    inFlight -= 1
                }
                inFlight += 1
                group.addTask {
                    await pool.run { _ in
                        if let (finding, detail) = self.check(file, buffers: buffers) {
                            report(file.file, finding, detail)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        findExtraFiles(expected: expected, report: report)
        return progress
    }

    /// The last record of each frame counts; a file named twice is checked once.
    private func readManifest() throws -> ([String: Expected], notStored: Int) {
        var expected: [String: Expected] = [:]
        var unstored: Set<String> = []
        try ManifestReader.forEachRecord(in: "\(root)/\(ManifestWriter.fileName)") { record in
            let frame = "\(record.datastoreId)/\(record.imageSetId)/\(record.imageFrameId)"
            guard let file = record.file else {
                if record.status == .failed || record.status == .mismatch { unstored.insert(frame) }
                return
            }
            unstored.remove(frame)
            guard Self.isInside(file), let crc32 = record.fileCrc32.flatMap({ UInt32($0, radix: 16) }) else {
                throw ManifestError(
                    path: "\(root)/\(ManifestWriter.fileName)", line: nil,
                    problem: "the record of frame \(record.imageFrameId) names no usable file or checksum")
            }
            expected[file] = Expected(
                file: file, crc32: crc32,
                byteCount: file.hasSuffix(".raw") ? record.decodedBytes : record.encodedBytes)
        }
        return (expected, unstored.count)
    }

    /// A manifest may have been edited: no name in it leads out of the folder.
    private static func isInside(_ file: String) -> Bool {
        !file.isEmpty && !file.hasPrefix("/") && !file.split(separator: "/").contains("..")
    }

    private func check(_ file: Expected, buffers: BufferPool) -> (OutputFinding, String)? {
        let path = "\(root)/\(file.file)"
        defer { state.withLock { $0.filesChecked += 1 } }
        switch FileBytes.read(path, expecting: file.byteCount, into: buffers) {
        case .failure(let problem):
            let finding: OutputFinding = problem.errno == ENOENT ? .missing : .unreadable
            return (finding, problem.message)
        case .success(let bytes):
            state.withLock { $0.bytesRead += bytes.count }
            guard bytes.count == file.byteCount else {
                return (.changed, "\(bytes.count) bytes instead of \(file.byteCount)")
            }
            let actual = CRC32.checksum(bytes.bytes)
            if actual == file.crc32 { return nil }
            return (
                .changed,
                "checksum \(CRC32.hexadecimal(actual)) instead of \(CRC32.hexadecimal(file.crc32))"
            )
        }
    }

    /// Names every file that the manifest does not; what `--keep-codestream` put beside a named file belongs to it.
    private func findExtraFiles(
        expected: [String: Expected], report: (String, OutputFinding, String) -> Void
    ) {
        let stems = Set(expected.keys.map(Self.stem))
        guard let walk = FileManager.default.enumerator(atPath: root) else { return }
        for case let file as String in walk {
            if file == ManifestWriter.fileName || file == FetchReport.fileName { continue }
            if expected[file] != nil || stems.contains(Self.stem(file)) { continue }
            guard walk.fileAttributes?[.type] as? FileAttributeType != .typeDirectory else { continue }
            report(file, .extra, "the manifest does not name it")
        }
    }

    private static func stem(_ file: String) -> String {
        guard let dot = file.lastIndex(of: ".") else { return file }
        return String(file[..<dot])
    }
}
