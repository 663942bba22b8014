import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Appends a line to `manifest.jsonl` for each finished frame.
///
/// A line is written in one `write` after the frame's file has its final name, so whatever the manifest names is
/// on disk, also after a kill. The file is locked while it is open: two runs never write into one folder.
/// Thread-safe.
public final class ManifestWriter: Sendable {
    public static let fileName = "manifest.jsonl"

    /// Writes bytes at the descriptor's position; the path is for its error.
    typealias Append =
        @Sendable (_ line: [UInt8], _ descriptor: Int32, _ path: String) throws(WriteError) -> Void

    private let path: String
    private let appendBytes: Append
    private let descriptor: Int32
    /// Where the next line goes; nil once the file is closed, or can no longer be kept whole.
    private let end = Mutex<off_t?>(nil)
    private let isClosed = Mutex(false)
    private let isSynced: Bool
    /// How much is on the medium. Who waits for it waits for one sync that covers all that waited with it.
    private let syncedEnd = Mutex<off_t>(0)

    /// Opens, or makes, the manifest of `directory` and locks it.
    ///
    /// - Parameter isSynced: whether a line is on the medium when `append` returns (`SyncPolicy.each`).
    /// - Throws: `WriteError` with code `in-use` when another process holds it.
    public convenience init(in directory: OutputDirectory, isSynced: Bool = false) throws(WriteError) {
        try self.init(in: directory, isSynced: isSynced) { (line, descriptor, path) throws(WriteError) in
            try AtomicFile.write(line, to: descriptor, path: path)
        }
    }

    /// For tests, which make writing fail.
    init(
        in directory: OutputDirectory, isSynced: Bool = false, appendBytes: @escaping Append
    ) throws(WriteError) {
        self.appendBytes = appendBytes
        self.isSynced = isSynced
        path = "\(directory.path)/\(Self.fileName)"
        descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw WriteError(operation: "open", path: path, errno: errno) }
        // From here on `deinit` closes it, also after an error: closed twice, it could be another file's by then.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw WriteError(operation: "lock", path: path, errno: errno)
        }
        let size = try endTornLine()
        end.withLock { $0 = size }
        if isSynced { try AtomicFile.syncFolder(of: path) }
    }

    deinit { closeFile() }

    /// Records one finished frame. Waits for the medium when the writer is synced.
    public func append(_ outcome: FrameOutcome) throws(WriteError) {
        let line = outcome.manifestLine()
        let result: Result<off_t, WriteError> = end.withLock { end in
            guard let start = end else {
                return .failure(WriteError(operation: "write", path: path, errno: EBADF))
            }
            do throws(WriteError) {
                try appendBytes(line, descriptor, path)
                end = start + off_t(line.count)
                return .success(start + off_t(line.count))
            } catch {
                // A full disk can take half a line; another worker's line must not be glued to it.
                if ftruncate(descriptor, start) != 0 { end = nil }
                return .failure(error)
            }
        }
        let lineEnd = try result.get()
        if isSynced { try sync(through: lineEnd) }
    }

    private func sync(through lineEnd: off_t) throws(WriteError) {
        let failure: Int32? = syncedEnd.withLock { syncedEnd in
            if syncedEnd >= lineEnd { return nil }
            guard let written = end.withLock({ $0 }) else { return EBADF }
            guard fdatasync(descriptor) == 0 else { return errno }
            syncedEnd = written
            return nil
        }
        if let failure { throw WriteError(operation: "sync", path: path, errno: failure) }
    }

    /// Overwrites lines that are no JSON with spaces, so that nothing trips over them again. Before the first `append`.
    func blank(_ places: [ManifestReader.Place]) throws(WriteError) {
        guard !places.isEmpty else { return }
        // Not the own descriptor: Linux appends what is written to one that is open for appending, wherever it is to go.
        let other = open(path, O_WRONLY | O_CLOEXEC)
        guard other >= 0 else { throw WriteError(operation: "open", path: path, errno: errno) }
        defer { close(other) }
        for place in places {
            var written = 0
            while written < place.length {
                let spaces = [UInt8](
                    repeating: UInt8(ascii: " "), count: min(place.length - written, 1 << 16))
                let count = pwrite(other, spaces, spaces.count, off_t(place.offset + written))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw WriteError(operation: "repair", path: path, errno: errno) }
                written += count
            }
        }
    }

    /// Throws when the file at the manifest's path is not the one that is written to: somebody has moved or removed it, or
    /// the folder that it is in.
    func checkPlace() throws(ManifestMovedError) {
        var (here, there) = (stat(), stat())
        guard fstat(descriptor, &here) == 0, stat(path, &there) == 0, here.st_dev == there.st_dev,
            here.st_ino == there.st_ino
        else { throw ManifestMovedError(path: path) }
    }

    /// Closes the file and unlocks it. Calling it again does nothing.
    public func closeFile() {
        isClosed.withLock { isClosed in
            if !isClosed { close(descriptor) }
            isClosed = true
        }
        end.withLock { $0 = nil }
    }

    /// A run that was killed, or that ran out of disk, can leave half a line: it is cut off, its frame is not recorded.
    /// A last line that merely lacks its end, as editors leave it, and what no run of ours can have begun, get one.
    ///
    /// - Returns: the size of what is whole, in bytes.
    private func endTornLine() throws(WriteError) -> off_t {
        let size = lseek(descriptor, 0, SEEK_END)
        guard size > 0 else { return 0 }
        var keep = size
        var chunk = [UInt8](repeating: 0, count: 4096)
        while keep > 0 {
            let start = max(0, keep - off_t(chunk.count))
            let count = pread(descriptor, &chunk, Int(keep - start), start)
            guard count == Int(keep - start) else {
                throw WriteError(operation: "read", path: path, errno: errno)
            }
            if let feed = chunk[..<count].lastIndex(of: UInt8(ascii: "\n")) {
                keep = start + off_t(feed) + 1
                break
            }
            keep = start
        }
        guard keep < size else { return size }
        if !isTorn(from: keep, to: size) {
            try AtomicFile.write([UInt8(ascii: "\n")], to: descriptor, path: path)
            return size + 1
        }
        guard ftruncate(descriptor, keep) == 0 else {
            throw WriteError(operation: "repair", path: path, errno: errno)
        }
        return keep
    }

    /// Whether what stands between the offsets, behind the last line feed, is the beginning of a record, or the zeros
    /// that a loss of power leaves in its place.
    private func isTorn(from start: off_t, to end: off_t) -> Bool {
        let beginning = FrameOutcome.manifestLineBeginning
        var line = [UInt8](repeating: 0, count: Int(min(end - start, 1 << 20)))
        let count = pread(descriptor, &line, line.count, start)
        guard count == line.count, line.first != 0 else { return true }
        guard line.starts(with: beginning) || beginning.starts(with: line) else { return false }
        return line.withUnsafeBytes { (try? ManifestLine($0)) == nil }
    }
}
