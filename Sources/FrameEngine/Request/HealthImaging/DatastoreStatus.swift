/// How far a data store is. An open list.
public struct DatastoreStatus: OpenEnum {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public static let creating = Self(rawValue: "CREATING")
    public static let createFailed = Self(rawValue: "CREATE_FAILED")
    public static let active = Self(rawValue: "ACTIVE")
    public static let deleting = Self(rawValue: "DELETING")
    public static let deleted = Self(rawValue: "DELETED")

    public static let known: [Self] = [.creating, .createFailed, .active, .deleting, .deleted]
}
