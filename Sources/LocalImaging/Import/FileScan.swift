import Foundation

/// The files below the paths that a user named, in a fixed order.
struct FileScan {
    struct Entry: Sendable {
        let path: String
        /// False for files that were found in a folder: these may be anything.
        let isNamed: Bool
    }

    private(set) var entries: [Entry] = []
    private(set) var failures: [ImportReport.Refusal] = []
    private(set) var skipped: [ImportReport.Refusal] = []

    private var visited: Set<FileIdentity> = []

    private struct FileIdentity: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    /// Folders are walked recursively in the order of their entries' names. Symbolic links are followed; a folder
    /// that was walked before is not walked again, so loops end. Hidden entries are left out.
    init(paths: [String]) {
        for path in paths { add(path, isNamed: true) }
    }

    private mutating func add(_ path: String, isNamed: Bool) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let reason = "cannot open it: \(String(cString: strerror(errno)))"
            failures.append(.init(path: path, code: "system", reason: reason))
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR:
            let identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
            guard visited.insert(identity).inserted else { return }
            addFolder(path)
        case S_IFREG:
            addFile(path, isNamed: isNamed)
        default:
            let refusal = ImportReport.Refusal(path: path, code: "not-dicom", reason: "not a regular file")
            if isNamed { failures.append(refusal) } else { skipped.append(refusal) }
        }
    }

    private mutating func addFolder(_ path: String) {
        do {
            let base = path.hasSuffix("/") ? String(path.dropLast()) : path
            for name in try FileManager.default.contentsOfDirectory(atPath: path).sorted()
            where !name.hasPrefix(".") {
                add("\(base)/\(name)", isNamed: false)
            }
        } catch {
            failures.append(
                .init(path: path, code: "system", reason: "cannot list it: \(error.localizedDescription)"))
        }
    }

    private mutating func addFile(_ path: String, isNamed: Bool) {
        // A directory of other files, not an instance (PS3.10, 8).
        if path.split(separator: "/").last?.uppercased() == "DICOMDIR" {
            skipped.append(
                .init(
                    path: path, code: "unsupported",
                    reason: "a DICOMDIR lists files and is none itself; the files in its folder are read"))
            return
        }
        entries.append(Entry(path: path, isNamed: isNamed))
    }
}
