import FrameEngine

/// How far a copy is.
package struct CopyProgress: Hashable, Sendable {
    /// Files in all.
    package let total: Int
    /// Bytes in all.
    package let totalBytes: Int
    /// Copied, found to be there already, or failed.
    package var done = 0
    package var bytesDone = 0
    package var failed = 0

    package init(total: Int, totalBytes: Int) {
        self.total = total
        self.totalBytes = totalBytes
    }
}

/// What a copy came to.
package struct CopyResult: Sendable {
    /// A file that was not copied.
    package struct Failure: Sendable {
        /// `s3://bucket/key`, or a path.
        package let source: String
        package let error: any StageError

        /// Which file, and why: most errors begin with the file's name themselves.
        package var text: String {
            error.message.hasPrefix(source) ? error.message : "\(source): \(error.message)"
        }
    }

    package var copied = 0
    /// There already, in the same size and with the same ETag.
    package var skipped = 0
    /// Of what was copied.
    package var bytes = 0
    /// In the order of the keys.
    package var failures: [Failure] = []
    /// Files in the folders named that are not DICOM files, and so were left out.
    package var otherFiles: [String] = []

    package init() {}
}
