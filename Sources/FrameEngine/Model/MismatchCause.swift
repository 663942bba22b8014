/// Whose fault it was that a frame's bytes were wrong.
public enum MismatchCause: String, Sendable, CaseIterable {
    /// The same frame, asked for again, came with other bytes.
    case network
    /// The same bytes came again, and the two decoders make different pixels of them.
    case decoder
    /// The same bytes came again and both decoders, or the only one that knows them, agree: what the service stores is
    /// not what its metadata describes.
    case service
}
