/// Why there is nothing to compare a frame with; the raw value is the word of manifests and reports.
public enum UnverifiableReason: String, Sendable, Codable, CaseIterable {
    /// The metadata lists no checksum for the frame.
    case noChecksum = "no-checksum"
    /// It lists some, and none for the resolution that was decoded.
    case noChecksumForResolution = "no-checksum-for-resolution"
}
