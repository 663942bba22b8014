/// Which decoder a user asks for.
public enum DecoderPreference: String, Sendable, CaseIterable {
    /// The native decoder, and OpenJPEG for what that declines.
    case auto
    /// The native decoder only: what it declines is an error.
    case native
    /// OpenJPEG, whatever else there is.
    case openjpeg
}
