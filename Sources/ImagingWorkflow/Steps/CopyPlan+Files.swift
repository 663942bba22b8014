import Foundation
import FrameEngine

extension CopyPlan {
    /// DICOM files, and those in folders; the key is the path from the folder that was named on.
    ///
    /// A file that was named must be one. In folders everything else is left out and listed in `otherFiles`. Links to
    /// files are followed, links to folders are not.
    init(files paths: [String], destination: String) throws(StepError) {
        for path in paths {
            let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
            switch try Self.kind(of: trimmed) {
            case .file(let size):
                guard try Self.isDICOM(trimmed) else {
                    throw StepError(
                        .file, "\(trimmed) is not a DICOM file: it has no 'DICM' behind 128 bytes")
                }
                add(trimmed, as: destination + (trimmed as NSString).lastPathComponent, size: size)
            case .folder:
                try addFolder(trimmed, destination: destination)
            case .other:
                throw StepError(.file, "\(trimmed) is neither a file nor a folder")
            }
        }
        guard !items.isEmpty else {
            let others = otherFiles.isEmpty ? "" : ", but \(otherFiles.count) of other kinds"
            throw StepError(
                .notFound,
                "there is nothing to copy: no DICOM file in \(paths.joined(separator: ", "))\(others)")
        }
    }

    private mutating func add(_ path: String, as key: String, size: Int) {
        items.append(CopyItem(source: .file(path: path), key: key, size: size))
    }

    private mutating func addFolder(_ folder: String, destination: String) throws(StepError) {
        var pending = [""]
        while let relative = pending.popLast() {
            let here = relative.isEmpty ? folder : "\(folder)/\(relative)"
            let names: [String]
            do {
                names = try FileManager.default.contentsOfDirectory(atPath: here).sorted()
            } catch {
                throw StepError(.file, "cannot list the folder \(here); check its permissions")
            }
            var folders: [String] = []
            for name in names {
                let member = relative.isEmpty ? name : "\(relative)/\(name)"
                let path = "\(folder)/\(member)"
                switch try Self.kind(of: path, followsFolders: false) {
                case .file(let size):
                    if try Self.isDICOM(path) {
                        add(path, as: destination + member, size: size)
                    } else {
                        otherFiles.append(path)
                    }
                case .folder: folders.append(member)
                case .other: otherFiles.append(path)
                }
            }
            pending += folders.reversed()
        }
    }

    private enum Kind {
        case file(size: Int)
        case folder
        case other
    }

    private static func kind(of path: String, followsFolders: Bool = true) throws(StepError) -> Kind {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let reason = String(cString: strerror(errno))
            // A link that leads nowhere is nothing that could be copied, where nobody named it.
            if !followsFolders, errno == ENOENT { return .other }
            throw StepError(.file, "cannot read \(path): \(reason)")
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file(size: Int(status.st_size))
        case S_IFDIR:
            var link = stat()
            let isLink = lstat(path, &link) == 0 && link.st_mode & S_IFMT == S_IFLNK
            return isLink && !followsFolders ? .other : .folder
        default: return .other
        }
    }

    /// DICOM PS3.10, 7.1: 128 bytes of preamble, then `DICM`.
    private static func isDICOM(_ path: String) throws(StepError) -> Bool {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw StepError(.file, "cannot read \(path): \(String(cString: strerror(errno)))")
        }
        defer { try? file.close() }
        guard let head = try? file.read(upToCount: 132), head.count == 132 else { return false }
        return head.suffix(4).elementsEqual("DICM".utf8)
    }
}
