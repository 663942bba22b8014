/// One of the API's lists of words, which may grow: a word that is not known here is a value like any other.
public protocol OpenEnum: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible,
    ExpressibleByStringLiteral
where RawValue == String {
    /// The words of the API's model of 2023-07-19.
    static var known: [Self] { get }

    init(rawValue: String)
}

extension OpenEnum {
    public init(stringLiteral value: String) { self.init(rawValue: value) }

    public var description: String { rawValue }
}
