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
    /// It is there and cannot be read, or is not a regular file.
    case unreadable
    /// A line of the manifest is no record: what it named is not checked, and shows as extra.
    case damaged
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
    /// Lines of the manifest that are no records.
    public var damaged = 0
    /// Lines of the manifest that are.
    public var records = 0
    /// Frames whose last record says that they failed or mismatched: nothing on disk to check.
    public var framesNotStored = 0

    /// Whether every file is as it was written, no other file is there, and every line of the manifest is a record.
    public var isClean: Bool { missing + changed + extra + unreadable + damaged == 0 }

    mutating func count(_ finding: OutputFinding) {
        switch finding {
        case .missing: missing += 1
        case .changed: changed += 1
        case .extra: extra += 1
        case .unreadable: unreadable += 1
        case .damaged: damaged += 1
        }
    }
}

/// Re-checks an output folder against its manifest, offline, on all cores: every file's size and the CRC-32 of
/// its bytes. Nothing is decoded, so it runs as fast as the files can be read.
public final class OutputVerifier: Sendable {
    private typealias Report = @Sendable (_ file: String, OutputFinding, _ detail: String) -> Void

    private let root: String
    private let workers: Int
    private let state = Mutex(OutputVerification())
    private let isCancelled = Mutex(false)

    /// - Parameter directory: the folder that a fetch wrote into.
    public init(directory: String, workers: Int? = nil) {
        root = directory
        self.workers = workers ?? FetchOptions.defaultWorkers
    }

    /// How the last fetch into the folder says that it ended, in the words of its `report.json`: `complete`,
    /// `some-failed`, `interrupted`, `stopped`. Nil when there is no readable report: it was killed, or is running.
    public func conclusionOfLastFetch() -> String? {
        struct Ending: Decodable {
            let conclusion: String
        }
        let path = "\(root)/\(FetchReport.fileName)"
        var status = stat()
        // A report is a few KiB; whatever is larger, or no regular file, is none.
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size < 1 << 20,
            let data = FileManager.default.contents(atPath: path)
        else { return nil }
        return try? JSONDecoder().decode(Ending.self, from: data).conclusion
    }

    /// The counts so far. Any thread.
    public var progress: OutputVerification { state.withLock { $0 } }

    /// Checks everything; `onFinding` is called once for each file that is not as it should be, from any thread.
    ///
    /// - Throws: `ManifestError` when there is no usable manifest; `CancellationError`.
    public func run(
        onFinding: @escaping @Sendable (_ file: String, OutputFinding, _ detail: String) -> Void
    ) async throws -> OutputVerification {
        let report: Report = { [self] file, finding, detail in
            state.withLock { $0.count(finding) }
            onFinding(file, finding, detail)
        }
        let inventory = try readManifest(report)
        state.withLock { $0.filesNamed = inventory.count }
        let pool = WorkerPool(count: workers, name: "verify") { _ in FileChecker() }
        defer { pool.shutDown() }
        try await withTaskCancellationHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                var inFlight = 0
                for range in inventory.ranges(for: workers) {
                    try Task.checkCancellation()
                    if inFlight >= 2 * workers {
                        try await group.next()
                        inFlight -= 1
                    }
                    inFlight += 1
                    group.addTask { [self] in
                        try await pool.run { checker in
                            Result { try self.checkFiles(namedIn: range, inventory, with: checker, report) }
                        }.get()
                    }
                }
                try await group.waitForAll()
            }
        } onCancel: {
            isCancelled.withLock { $0 = true }
        }
        try Task.checkCancellation()
        findExtraFiles(inventory, report)
        return progress
    }

    /// The last record of each frame counts; a file named twice is checked once.
    private func readManifest(_ report: @escaping Report) throws -> OutputInventory {
        var inventory = OutputInventory()
        var records = 0
        try ManifestReader.forEachLine(in: manifestPath) { place, line in
            guard case .success(let line) = line, let record = ManifestRecord(line),
                let named = try files(of: record)
            else {
                return report(ManifestWriter.fileName, .damaged, "damaged record at line \(place.number)")
            }
            records += 1
            inventory.note(record, at: place)
            for named in named { inventory.note(file: named.path, at: place) }
        }
        state.withLock { state in
            state.records = records
            state.framesNotStored = inventory.framesNotStored
        }
        return inventory
    }

    /// Checks the files of which the last record begins in a range of the manifest.
    private func checkFiles(
        namedIn range: Range<Int>, _ inventory: OutputInventory, with checker: FileChecker, _ report: Report
    ) throws {
        try ManifestReader.forEachLine(in: manifestPath, beginningIn: range) { place, line in
            // What is damaged was reported when the manifest was read first.
            guard case .success(let line) = line, let record = ManifestRecord(line),
                let named = try files(of: record)
            else { return }
            for file in named where inventory.isLast(file: file.path, at: place) {
                if isCancelled.withLock({ $0 }) { return }
                check(file.path, file.contents, with: checker, report)
            }
        }
    }

    private var manifestPath: String { "\(root)/\(ManifestWriter.fileName)" }

    /// The files that a record names, and what must be in them; nil for a record that does not say what.
    ///
    /// - Throws: `ManifestError` for a name that leads out of the folder.
    private func files(of record: ManifestRecord) throws(ManifestError) -> [RecordedFrame.File]? {
        guard let file = record.file else { return [] }
        let byteCount =
            record.fileBytes ?? (file.hasSuffix(".raw") ? record.decodedBytes : record.encodedBytes)
        var named = [(file, record.fileCrc32, byteCount)]
        if let codestream = record.codestreamFile {
            named.append((codestream, record.codestreamCrc32, record.encodedBytes))
        }
        var files: [RecordedFrame.File] = []
        for (file, digits, byteCount) in named {
            guard Self.isInside(file) else {
                throw ManifestError(
                    path: manifestPath, line: nil,
                    problem: "the record of frame \(record.imageFrameId) names a file outside of the folder")
            }
            guard let crc32 = digits.flatMap({ UInt32($0, radix: 16) }) else { return nil }
            files.append(.init(path: file, contents: .init(crc32: crc32, byteCount: byteCount)))
        }
        return files
    }

    /// A manifest may have been edited: no name in it leads out of the folder.
    private static func isInside(_ file: String) -> Bool {
        !file.isEmpty && !file.hasPrefix("/") && !file.split(separator: "/").contains("..")
            && !file.utf8.contains(0)
    }

    private func check(
        _ file: String, _ contents: FileChecker.Contents, with checker: FileChecker, _ report: Report
    ) {
        let result = checker.check("\(root)/\(file)", for: contents)
        state.withLock { state in
            state.filesChecked += 1
            state.bytesRead += result.bytesRead
        }
        if let (finding, detail) = result.problem { report(file, finding, detail) }
    }

    /// Names every file that the manifest does not.
    private func findExtraFiles(_ inventory: OutputInventory, _ report: Report) {
        findExtraFiles(below: "", inventory, report)
    }

    /// - Parameter prefix: a folder seen from the root, with a slash at its end; empty for the root.
    private func findExtraFiles(below prefix: String, _ inventory: OutputInventory, _ report: Report) {
        // Whoever moves a data store or an image set to another disk puts a link in its place: only the folders that a
        // fetch makes may be links, so that no circle of them is walked.
        let mayBeLinked = { (file: String) in file.utf8.count { $0 == UInt8(ascii: "/") } < 2 }
        // By its real name: a walk does not begin behind a link.
        let folder = URL(fileURLWithPath: "\(root)/\(prefix)").resolvingSymlinksInPath().path
        guard let walk = FileManager.default.enumerator(atPath: folder) else { return }
        for case let name as String in walk {
            let file = prefix + name
            if file == ManifestWriter.fileName || file == FetchReport.fileName { continue }
            if inventory.names(file) { continue }
            let type = walk.fileAttributes?[.type] as? FileAttributeType
            if type == .typeDirectory { continue }
            if type == .typeSymbolicLink, mayBeLinked(file), isFolder("\(root)/\(file)") {
                findExtraFiles(below: file + "/", inventory, report)
            } else {
                report(file, .extra, "the manifest does not name it")
            }
        }
    }

    private func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
