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
        let temporary = temporaryPath(for: path, tag: tag)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw WriteError(operation: "create", path: path, errno: errno) }
        do throws(WriteError) {
            for piece in pieces { try write(piece, to: descriptor, path: path) }
            if isSynced, fsync(descriptor) != 0 {
                throw WriteError(operation: "sync", path: path, errno: errno)
            }
        } catch {
            close(descriptor)
            unlink(temporary)
            throw error
        }
        // Delayed allocation and network file systems report a full disk here at the latest.
        guard close(descriptor) == 0, rename(temporary, path) == 0 else {
            let failure = WriteError(operation: "finish", path: path, errno: errno)
            unlink(temporary)
            throw failure
        }
        if isSynced { try syncFolder(of: path) }
    }

    /// Forces the names in the folder of `path` onto the medium.
    static func syncFolder(of path: String) throws(WriteError) {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw WriteError(operation: "open", path: folder, errno: errno) }
        defer { close(descriptor) }
        // Some file systems cannot sync a folder and need not.
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw WriteError(operation: "sync", path: folder, errno: errno)
        }
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
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String
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
                throw WriteError(operation: "write", path: path, errno: errno)
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
