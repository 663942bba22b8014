/// One frame as it is stored, as GetImageFrame gives it: whole, neither decoded nor verified.
public struct ImageFrame: Sendable {
    public let bytes: PooledBuffer
    /// What the service calls the bytes (`image/jph`…); the metadata and the first bytes are better witnesses.
    public let contentType: String?
}
