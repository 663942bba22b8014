/// The version of hi-fetch: of the library, of the tool, and in the `User-Agent` of every request.
public enum EngineVersion {
    /// Semantic version 2.0.
    public static let current = "0.1.0"
}
