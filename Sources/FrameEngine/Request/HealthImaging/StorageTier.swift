/// How an image set is stored and billed; reading is as fast from either. An open list.
public struct StorageTier: OpenEnum {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public static let frequentAccess = Self(rawValue: "FREQUENT_ACCESS")
    public static let archiveInstantAccess = Self(rawValue: "ARCHIVE_INSTANT_ACCESS")

    public static let known: [Self] = [.frequentAccess, .archiveInstantAccess]
}
