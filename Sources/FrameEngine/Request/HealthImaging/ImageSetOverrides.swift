/// What was forced upon an image set.
public struct ImageSetOverrides: Sendable, Hashable, Decodable {
    /// Whether its change was forced: then its content may contradict itself.
    public let forced: Bool?
}
