/// A file with DICOM JSON that an import applies to a study, or to one series of it.
public struct MetadataMapping: Sendable, Hashable, Codable {
    public var studyInstanceUID: String
    public var seriesInstanceUID: String?
    /// Relative to the job's input.
    public var metadataFilePath: String

    public init(studyInstanceUID: String, seriesInstanceUID: String? = nil, metadataFilePath: String) {
        self.studyInstanceUID = studyInstanceUID
        self.seriesInstanceUID = seriesInstanceUID
        self.metadataFilePath = metadataFilePath
    }
}
