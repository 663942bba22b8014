/// A range that a search is narrowed to; both ends belong to it, and one that is nil is open.
public struct SearchRange<Bound: Hashable & Sendable>: Sendable, Hashable {
    public var from: Bound?
    public var through: Bound?

    public init(from: Bound? = nil, through: Bound? = nil) {
        self.from = from
        self.through = through
    }

    var isOpen: Bool { from == nil && through == nil }
}
