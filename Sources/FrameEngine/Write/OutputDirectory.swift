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
    private let open = Mutex<[String: OutputFolder]>([:])
    /// Folders that are kept open. Frames come image set by image set, so that few are in use at a time.
    private static let openLimit = 64

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
    public static func relativePath(
        of frame: PlannedFrame, extension fileExtension: String, suffix: String = ""
    ) -> String {
        "\(frame.instance.datastoreID)/\(frame.instance.imageSetID)/"
            + fileName(of: frame, extension: fileExtension, suffix: suffix)
    }

    /// The name of a frame's file in its folder.
    static func fileName(
        of frame: PlannedFrame, extension fileExtension: String, suffix: String = ""
    ) -> String {
        "\(frame.imageFrameID)\(suffix).\(fileExtension)"
    }

    /// The folder of this frame's image set, made where it is missing.
    ///
    /// - Parameter isSynced: whether its name is on the medium when this returns.
    func folder(for frame: PlannedFrame, isSynced: Bool = false) throws(WriteError) -> OutputFolder {
        let datastore = "\(path)/\(frame.instance.datastoreID)"
        let path = "\(datastore)/\(frame.instance.imageSetID)"
        if let folder = open.withLock({ $0[path] }) { return folder }
        try Self.makeDirectories(path)
        let folder = try OutputFolder(path)
        if isSynced {
            for name in [path, datastore, self.path] { try OutputFolder(name).sync() }
        }
        open.withLock { open in
            if open.count >= Self.openLimit { open.removeAll() }
            open[path] = folder
        }
        return folder
    }

    /// Removes the files of a frame that could not be recorded.
    func remove(_ outcome: FrameOutcome) {
        for file in [outcome.file, outcome.codestreamFile] {
            if let file { remove(file) }
        }
    }

    /// Removes a file that this run wrote; `file` is relative to the folder.
    func remove(_ file: String) { unlink("\(path)/\(file)") }

    /// Forces everything that was written into the folder onto the medium; waits for the whole file system.
    func syncAll() throws(WriteError) {
        let folder = try OutputFolder(path)
        if let failure = Self.syncFileSystem(of: folder.descriptor) {
            throw WriteError(operation: "sync", path: path, errno: failure)
        }
    }

    /// syncfs(2), which C headers show only with a macro that Swift does not set; sync(2) in a program that has none.
    ///
    /// - Returns: an errno.
    private static func syncFileSystem(of descriptor: Int32) -> Int32? {
        guard let symbol = dlsym(nil, "syncfs") else {
            sync()
            return nil
        }
        typealias Function = @convention(c) (Int32) -> Int32
        return unsafeBitCast(symbol, to: Function.self)(descriptor) == 0 ? nil : errno
    }

    /// Removes what a run that was killed left unfinished, and the report of the last run. Only for the holder of
    /// the manifest's lock; only in folders that a fetch makes, `<datastoreId>/<imageSetId>`.
    func removeLeftovers() {
        unlink("\(path)/\(FetchReport.fileName)")
        for name in Self.names(in: path, where: Self.isUnfinished)
        where name.hasPrefix(".\(FetchReport.fileName).") {
            unlink("\(path)/\(name)")
        }
        let isID = { (name: String) in HealthImagingID(name) != nil }
        for datastore in Self.names(in: path, where: isID) {
            for imageSet in Self.names(in: "\(path)/\(datastore)", where: isID) {
                let folder = "\(path)/\(datastore)/\(imageSet)"
                for name in Self.names(in: folder, where: Self.isUnfinished) {
                    unlink("\(folder)/\(name)")
                }
            }
        }
    }

    private static func isUnfinished(_ name: String) -> Bool {
        name.hasPrefix(".") && name.hasSuffix(AtomicFile.partialSuffix)
    }

    /// `mkdir -p`: the folder may be there already.
    package static func makeDirectories(_ path: String) throws(WriteError) {
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

    /// The names in a folder that `isWanted` keeps: of a million, a few.
    private static func names(in folder: String, where isWanted: (String) -> Bool) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if isWanted(name) { names.append(name) }
        }
        return names
    }
}
