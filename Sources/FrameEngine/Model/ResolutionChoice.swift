/// Which resolution of an image is wanted.
///
/// JPEG 2000 and HTJ2K images hold several: each wavelet decomposition left out halves width and height, rounded up
/// (ITU-T T.800, B.5). Images of other formats have one, whatever is chosen.
public struct ResolutionChoice: Sendable, Hashable {
    /// A box that an image is to fit into, in pixels.
    public struct Size: Sendable, Hashable {
        public let width: Int
        public let height: Int

        public init(width: Int, height: Int) {
            self.width = width
            self.height = height
        }
    }

    /// What to do with an image that has fewer levels than `reduction` asks for.
    public enum Shortage: Sendable {
        /// It is an error.
        case refuse
        /// Its lowest resolution is taken, and the result says so.
        case takeLowest
    }

    /// Everything that the image has.
    public static let full = ResolutionChoice()

    /// The reductions that an image can have: it has 32 decompositions at most (T.800, A.6.1).
    public static let reductions = 0...32

    /// Highest resolutions to leave out, at least; one of `reductions`.
    public let reduction: Int
    /// As many more are left out as it takes to fit into this. An image whose lowest resolution is larger still is
    /// decoded at that, and the result says so.
    public let maximumSize: Size?
    public let onShortage: Shortage

    public init(reduction: Int = 0, maximumSize: Size? = nil, onShortage: Shortage = .refuse) {
        self.reduction = reduction
        self.maximumSize = maximumSize
        self.onShortage = onShortage
    }

    /// Whether every image is wanted as it is.
    public var isFull: Bool { reduction == 0 && maximumSize == nil }
}

extension ResolutionChoice: CustomStringConvertible {
    /// As manifests and reports say it: `full`, `reduce 2`, `max-size 512x512`, or `reduce 2, max-size 512x512`.
    public var description: String {
        var parts: [String] = []
        if reduction > 0 { parts.append("reduce \(reduction)") }
        if let maximumSize { parts.append("max-size \(maximumSize.width)x\(maximumSize.height)") }
        return parts.isEmpty ? "full" : parts.joined(separator: ", ")
    }
}
