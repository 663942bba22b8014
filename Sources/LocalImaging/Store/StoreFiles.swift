import Foundation

/// The system calls of the store, with typed errors. Any thread.
enum StoreFiles {
    static func makeDirectory(_ path: String, mode: mode_t = 0o755) throws(StoreError) {
        guard mkdir(path, mode) == 0 || errno == EEXIST else {
            throw .system(operation: "create the folder", path: path, errno: errno)
        }
    }

    /// Creates `path`, which must not exist, and writes `bytes` to it.
    static func create(
        _ path: String, bytes: UnsafeRawBufferPointer, mode: mode_t = 0o644, sync: Bool = false
    ) throws(StoreError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw .system(operation: "create", path: path, errno: errno) }
        var failure: Int32 = 0
        var offset = 0
        while offset < bytes.count && failure == 0 {
            let written = write(descriptor, bytes.baseAddress?.advanced(by: offset), bytes.count - offset)
            if written >= 0 { offset += written } else if errno != EINTR { failure = errno }
        }
        if failure == 0 && sync && fsync(descriptor) != 0 { failure = errno }
        // close(2) reports what a network file system could not store; it is never called twice.
        if close(descriptor) != 0 && failure == 0 && errno != EINTR { failure = errno }
        guard failure == 0 else {
            unlink(path)
            throw .system(operation: "write", path: path, errno: failure)
        }
    }

    /// Creates `path`, which must not exist, writes `bytes` to it and makes them durable.
    static func create(_ path: String, bytes: [UInt8], mode: mode_t = 0o644) throws(StoreError) {
        // `Array.withUnsafeBytes` passes errors on untyped; a result keeps the type.
        let result = bytes.withUnsafeBytes { raw in
            Result { () throws(StoreError) in try create(path, bytes: raw, mode: mode, sync: true) }
        }
        try result.get()
    }

    /// Replaces `path` in one step: a reader sees the old bytes or the new ones, never a part.
    static func replace(_ path: String, bytes: [UInt8], mode: mode_t = 0o644) throws(StoreError) {
        let temporary = "\(path).\(getpid()).\(UInt64.random(in: 0...UInt64.max)).tmp"
        try create(temporary, bytes: bytes, mode: mode)
        do throws(StoreError) {
            try move(temporary, to: path)
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Renames and makes the rename durable.
    static func move(_ source: String, to destination: String) throws(StoreError) {
        try rename(source, to: destination)
        try syncDirectory(parent(of: destination))
    }

    /// Renames; the caller syncs the folder when all is done.
    static func rename(_ source: String, to destination: String) throws(StoreError) {
        guard Foundation.rename(source, destination) == 0 else {
            throw .system(operation: "move \(source) to", path: destination, errno: errno)
        }
    }

    /// Gives a file a second name.
    static func link(_ source: String, to destination: String) throws(StoreError) {
        guard Foundation.link(source, destination) == 0 else {
            throw .system(operation: "link \(source) to", path: destination, errno: errno)
        }
    }

    static func syncDirectory(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(operation: "open", path: path, errno: errno) }
        defer { close(descriptor) }
        // Some file systems cannot sync a folder and say EINVAL; there is nothing better to do on them.
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw .system(operation: "sync", path: path, errno: errno)
        }
    }

    /// Makes the files of one folder durable.
    ///
    /// Each sync of a new file costs a journal commit; for thousands of frames one sync(2) first writes them all,
    /// and the sync of each file, which reports its errors, then finds nothing left to do.
    static func syncFiles(in folder: String) throws(StoreError) {
        let names = try names(in: folder)
        if names.count > 16 { sync() }
        for name in names {
            let path = folder + "/" + name
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw .system(operation: "open", path: path, errno: errno) }
            defer { close(descriptor) }
            guard fsync(descriptor) == 0 else {
                throw .system(operation: "sync", path: path, errno: errno)
            }
        }
        try syncDirectory(folder)
    }

    /// The whole file; nil where it does not exist.
    static func read(_ path: String) throws(StoreError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .system(operation: "open", path: path, errno: errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .system(operation: "read", path: path, errno: errno)
        }
        let size = Int(status.st_size)
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: max(size, 1)) { buffer, count in
            while count < size {
                let got = Foundation.read(descriptor, buffer.baseAddress?.advanced(by: count), size - count)
                if got > 0 {
                    count += got
                } else if got == 0 {
                    break
                } else if errno != EINTR {
                    failure = errno
                    break
                }
            }
        }
        guard failure == 0 else { throw .system(operation: "read", path: path, errno: failure) }
        return bytes
    }

    /// Names in a folder, unsorted, without `.` and `..`; empty where the folder does not exist.
    static func names(in path: String) throws(StoreError) -> [String] {
        guard let stream = opendir(path) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw .system(operation: "list", path: path, errno: errno)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// When the entry last changed, in nanoseconds since 1970; nil where it does not exist.
    static func modificationNanoseconds(_ path: String) -> Int64? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }

    /// In bytes; nil where there is no such file.
    static func size(of path: String) -> Int? {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : nil
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Removes a file or a whole folder; what is gone already, or goes meanwhile, is no error. Follows no link.
    static func removeTree(_ path: String) throws(StoreError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw .system(operation: "remove", path: path, errno: errno)
        }
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        if isFolder {
            for name in try names(in: path) { try removeTree(path + "/" + name) }
        }
        guard (isFolder ? rmdir(path) : unlink(path)) == 0 || errno == ENOENT else {
            throw .system(operation: "remove", path: path, errno: errno)
        }
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
