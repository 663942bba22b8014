import FrameEngine

/// What became of each file of an import.
public struct ImportReport: Sendable, Codable {
    /// A file and the reason that it is not in the store.
    public struct Refusal: Sendable, Codable, Equatable {
        public let path: String
        /// A stable word: `not-dicom`, `damaged`, `unsupported`, `duplicate`, `system`.
        public let code: String
        /// One line for a person.
        public let reason: String
    }

    /// A file that is in the store.
    public struct Imported: Sendable, Codable {
        public let path: String
        /// Place in `imageSets`.
        public let imageSet: Int
        /// Empty for nearly every file.
        public let warnings: [ImportWarning]
    }

    /// An image set that the import made, or added a version to.
    public struct ImageSet: Sendable, Codable {
        public let imageSetID: String
        /// 1 for a new image set.
        public let version: Int
        /// False where patient, study or series data conflict with a primary image set.
        public let isPrimary: Bool
        public let studyInstanceUID: String
        public let seriesInstanceUID: String
        /// Of this import; the image set may have more.
        public let instances: Int
        public let frames: Int
        /// Of all frames as stored.
        public let storedBytes: Int
    }

    /// Files looked at.
    public internal(set) var filesScanned = 0
    public internal(set) var filesImported = 0
    /// Files that were imported, in the order of their paths.
    public internal(set) var imported: [Imported] = []
    /// Files that should have been imported and were not, in the order of their paths.
    public internal(set) var failures: [Refusal] = []
    /// Files found in folders that are no instances: other formats, DICOMDIR, hidden files. Not failures.
    public internal(set) var skipped: [Refusal] = []
    public internal(set) var imageSets: [ImageSet] = []

    public var frames: Int { imageSets.reduce(0) { $0 + $1.frames } }

    /// Whether everything that is DICOM was imported; a command ends with status 0 only then.
    public var isComplete: Bool { failures.isEmpty }
}
