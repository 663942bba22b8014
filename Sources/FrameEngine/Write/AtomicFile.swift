#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Writes whole files: under their final name there is either all of a file or none of it.
public enum AtomicFile {
    /// What unfinished files are called: `.NAME.TAG.partial`.
    static let partialSuffix = ".partial"

    /// Writes `pieces`, one behind the other, into a temporary file beside `path` and renames it to `path`.
    ///
    /// `tag` keeps two writers of the same name apart. On an error the temporary file is removed. Any thread.
    ///
    /// - Parameter isSynced: whether file and name are on the medium when this returns.
    public static func write(
        _ pieces: [UnsafeRawBufferPointer], to path: String, tag: String, isSynced: Bool = false
    ) throws(WriteError) {
        try write(pieces, to: path, beside: AT_FDCWD, tag: tag, isSynced: isSynced, path: path)
        if isSynced { try syncFolder(of: path) }
    }

    /// Writes a file into a folder that is open. See `write(_:to:tag:isSynced:)`.
    static func write(
        _ bytes: UnsafeRawBufferPointer, named name: String, in folder: OutputFolder, tag: String,
        isSynced: Bool
    ) throws(WriteError) {
        try write(
            [bytes], to: name, beside: folder.descriptor, tag: tag, isSynced: isSynced,
            path: "\(folder.path)/\(name)")
        if isSynced { try folder.sync() }
    }

    /// - Parameters:
    ///   - name: where the file goes, seen from the folder `descriptor`.
    ///   - path: what errors call it.
    private static func write(
        _ pieces: [UnsafeRawBufferPointer], to name: String, beside folder: Int32, tag: String,
        isSynced: Bool,
        path: @autoclosure () -> String
    ) throws(WriteError) {
        let temporary = temporaryPath(for: name, tag: tag)
        let descriptor = openat(folder, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw WriteError(operation: "create", path: path(), errno: errno) }
        do throws(WriteError) {
            for piece in pieces { try write(piece, to: descriptor, path: path()) }
            if isSynced, fsync(descriptor) != 0 {
                throw WriteError(operation: "sync", path: path(), errno: errno)
            }
        } catch {
            close(descriptor)
            unlinkat(folder, temporary, 0)
            throw error
        }
        // Delayed allocation and network file systems report a full disk here at the latest.
        guard close(descriptor) == 0, renameat(folder, temporary, folder, name) == 0 else {
            let failure = WriteError(operation: "finish", path: path(), errno: errno)
            unlinkat(folder, temporary, 0)
            throw failure
        }
    }

    /// Forces the names in the folder of `path` onto the medium.
    static func syncFolder(of path: String) throws(WriteError) {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        try OutputFolder(folder).sync()
    }

    /// Writes one run of bytes. See `write(_:to:tag:)`.
    public static func write(
        _ bytes: UnsafeRawBufferPointer, to path: String, tag: String, isSynced: Bool = false
    ) throws(WriteError) {
        try write([bytes], to: path, tag: tag, isSynced: isSynced)
    }

    /// Writes an array of bytes. See `write(_:to:tag:)`.
    public static func write(
        _ bytes: [UInt8], to path: String, tag: String, isSynced: Bool = false
    ) throws(WriteError) {
        try bytes.withBytes { bytes throws(WriteError) in
            try write(bytes, to: path, tag: tag, isSynced: isSynced)
        }
    }

    /// Writes an array of bytes at the descriptor's position.
    static func write(_ bytes: [UInt8], to descriptor: Int32, path: String) throws(WriteError) {
        try bytes.withBytes { bytes throws(WriteError) in try write(bytes, to: descriptor, path: path) }
    }

    /// Writes all of `bytes` at the descriptor's position, whatever the system takes at a time.
    static func write(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: @autoclosure () -> String
    ) throws(WriteError) {
        var rest = bytes
        while let base = rest.baseAddress, rest.count > 0 {
            #if canImport(Glibc)
                let written = Glibc.write(descriptor, base, rest.count)
            #else
                let written = Musl.write(descriptor, base, rest.count)
            #endif
            if written < 0 {
                if errno == EINTR { continue }
                throw WriteError(operation: "write", path: path(), errno: errno)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    private static func temporaryPath(for path: String, tag: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return ".\(path).\(tag)\(partialSuffix)" }
        return "\(path[...slash]).\(path[path.index(after: slash)...]).\(tag)\(partialSuffix)"
    }
}

extension [UInt8] {
    /// `withUnsafeBytes` for bodies with a typed error, which the standard library's own does not pass on.
    fileprivate func withBytes<Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        let result: Result<Void, Failure> = withUnsafeBytes { bytes in
            do throws(Failure) {
                return .success(try body(bytes))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }
}
