import FrameEngine

extension SourceFailure {
    /// The source and what befell it; many messages begin with their source already.
    var line: String {
        let name = source == "-" ? "standard input" : source
        return error.message.hasPrefix(name) ? error.message : "\(name): \(error.message)"
    }
}
