/// Whether an image set can be used. An open list.
public struct ImageSetState: OpenEnum {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public static let active = Self(rawValue: "ACTIVE")
    public static let locked = Self(rawValue: "LOCKED")
    public static let deleted = Self(rawValue: "DELETED")

    public static let known: [Self] = [.active, .locked, .deleted]
}
