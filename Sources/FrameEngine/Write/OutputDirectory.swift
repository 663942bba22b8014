import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The folder that a fetch writes into: `DIR/<datastoreId>/<imageSetId>/<imageFrameId>.<ext>`.
///
/// Only checked ids become parts of a path. Thread-safe.
public final class OutputDirectory: Sendable {
    /// As the user gave it, without a slash at its end.
    public let path: String
    private let prepared = Mutex<Set<String>>([])

    /// Makes the folder when it is missing.
    public init(_ path: String) throws(WriteError) {
        var trimmed = Substring(path)
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
        self.path = String(trimmed)
        try Self.makeDirectories(self.path)
        guard access(self.path, W_OK | X_OK) == 0 else {
            throw WriteError(operation: "write into", path: self.path, errno: errno)
        }
    }

    /// The path of a frame's file relative to the folder.
    public static func relativePath(of frame: PlannedFrame, extension fileExtension: String) -> String {
        "\(frame.instance.datastoreID)/\(frame.instance.imageSetID)/\(frame.imageFrameID).\(fileExtension)"
    }

    /// Makes sure that the folder of this frame's image set exists.
    public func prepare(for frame: PlannedFrame) throws(WriteError) {
        let folder = "\(path)/\(frame.instance.datastoreID)/\(frame.instance.imageSetID)"
        guard !prepared.withLock({ $0.contains(folder) }) else { return }
        try Self.makeDirectories(folder)
        prepared.withLock { _ = $0.insert(folder) }
    }

    /// Removes the files of a frame that could not be recorded.
    func remove(_ outcome: FrameOutcome) {
        if let file = outcome.file { unlink("\(path)/\(file)") }
    }

    /// Removes what a run that was killed left unfinished, and the report of the last run. Only for the holder of
    /// the manifest's lock; only in folders that a fetch makes, `<datastoreId>/<imageSetId>`.
    func removeLeftovers() {
        unlink("\(path)/\(FetchReport.fileName)")
        for datastore in Self.names(in: path) where HealthImagingID(datastore) != nil {
            for imageSet in Self.names(in: "\(path)/\(datastore)") where HealthImagingID(imageSet) != nil {
                let folder = "\(path)/\(datastore)/\(imageSet)"
                for name in Self.names(in: folder)
                where name.hasPrefix(".") && name.hasSuffix(AtomicFile.partialSuffix) {
                    unlink("\(folder)/\(name)")
                }
            }
        }
    }

    /// `mkdir -p`.
    static func makeDirectories(_ path: String) throws(WriteError) {
        if mkdir(path, 0o755) == 0 { return }
        switch errno {
        case EEXIST:
            var status = stat()
            guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                throw WriteError(operation: "create folder", path: path, errno: ENOTDIR)
            }
        case ENOENT:
            guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
                throw WriteError(operation: "create folder", path: path, errno: ENOENT)
            }
            try makeDirectories(String(path[..<slash]))
            guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
                throw WriteError(operation: "create folder", path: path, errno: errno)
            }
        default:
            throw WriteError(operation: "create folder", path: path, errno: errno)
        }
    }

    private static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        return names
    }
}
