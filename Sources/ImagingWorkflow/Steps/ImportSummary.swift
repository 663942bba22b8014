import FrameEngine

/// What an import job says of itself at its end: `job-output-manifest.json` and the three lists beside it.
package struct ImportSummary: Codable, Hashable, Sendable {
    /// The most files that are kept of a list; the counts count all.
    package static let filesKept = 1_000

    /// A file that was not imported, or was with a warning.
    package struct File: Codable, Hashable, Sendable {
        /// The object's key.
        package let key: String
        /// The service's word for it, such as `ValidationException` or `InvalidOffsetTable`.
        package let kind: String
        package let message: String

        package init(key: String, kind: String, message: String) {
            self.key = key
            self.kind = kind
            self.message = message
        }
    }

    package var scanned = 0
    package var imported = 0
    /// Refused for a reason that lies in the file.
    package var failedByInput = 0
    /// Not imported through no fault of the file.
    package var failedByService = 0
    /// Files with at least one warning.
    package var warned = 0
    /// Those of the failure list, `filesKept` at most.
    package var failures: [File] = []
    /// Those of the warning list, `filesKept` at most.
    package var warnings: [File] = []

    package init() {}

    /// Files that were not imported.
    package var failed: Int { max(failedByInput + failedByService, failures.count) }
}

/// An image set that an import job made or added to.
package struct ImportedImageSet: Codable, Hashable, Sendable {
    package let id: HealthImagingID
    /// The version that the job made; nil where the manifest does not tell.
    package let version: Int?
    /// Nil where the manifest does not tell.
    package let isPrimary: Bool?
    /// SOP instances of it that the job imported.
    package let instances: Int?

    package init(id: HealthImagingID, version: Int? = nil, isPrimary: Bool? = nil, instances: Int? = nil) {
        self.id = id
        self.version = version
        self.isPrimary = isPrimary
        self.instances = instances
    }

    /// Whether it held instances before the job.
    package var existedBefore: Bool { (version ?? 1) > 1 }
}
