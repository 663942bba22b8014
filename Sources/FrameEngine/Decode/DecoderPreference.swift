/// Which decoder a user asks for.
public enum DecoderPreference: String, Sendable, CaseIterable {
    /// The fastest that knows the image.
    case auto
    /// OpenJPEG, whatever else there is.
    case openjpeg
}
