import Foundation

/// A frame that an earlier run finished as this one would: its files as they were written.
struct RecordedFrame: Sendable {
    struct File: Sendable {
        /// Relative to the output folder.
        let path: String
        let contents: FileChecker.Contents
    }

    /// The frame's file and, where they are kept, the bytes as served. Empty with `--format none`.
    let files: [File]

    /// Whether all files are there as they were written: regular files of that size and, with a checker, checksum.
    ///
    /// - Parameters:
    ///   - root: the output folder.
    ///   - checker: nil compares sizes only.
    func isIntact(in root: String, checker: FileChecker?) -> Bool {
        files.allSatisfy { file in
            let path = "\(root)/\(file.path)"
            if let checker { return checker.check(path, for: file.contents).problem == nil }
            var status = stat()
            return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
                && Int(status.st_size) == file.contents.byteCount
        }
    }
}
