#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An open folder: files in it are named from here, so that the system does not look up the whole path for each. Any
/// thread. Closed with its last reference.
final class OutputFolder: Sendable {
    /// What errors call it.
    let path: String
    let descriptor: Int32

    init(_ path: String) throws(WriteError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw WriteError(operation: "open", path: path, errno: errno) }
    }

    deinit { close(descriptor) }

    /// Forces the names in the folder onto the medium.
    func sync() throws(WriteError) {
        // Some file systems cannot sync a folder and need not.
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw WriteError(operation: "sync", path: path, errno: errno)
        }
    }
}
