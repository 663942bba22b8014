/// What is being done, or was done last, with an image set. An open list.
public struct ImageSetWorkflowStatus: OpenEnum {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public static let created = Self(rawValue: "CREATED")
    public static let copied = Self(rawValue: "COPIED")
    public static let copying = Self(rawValue: "COPYING")
    public static let copyingWithReadOnlyAccess = Self(rawValue: "COPYING_WITH_READ_ONLY_ACCESS")
    public static let copyFailed = Self(rawValue: "COPY_FAILED")
    public static let updating = Self(rawValue: "UPDATING")
    public static let updatingForStudyConsistency = Self(rawValue: "UPDATING_FOR_STUDY_CONSISTENCY")
    public static let updated = Self(rawValue: "UPDATED")
    public static let updateFailed = Self(rawValue: "UPDATE_FAILED")
    public static let deleting = Self(rawValue: "DELETING")
    public static let deleted = Self(rawValue: "DELETED")
    public static let importing = Self(rawValue: "IMPORTING")
    public static let imported = Self(rawValue: "IMPORTED")
    public static let importFailed = Self(rawValue: "IMPORT_FAILED")

    public static let known: [Self] = [
        .created, .copied, .copying, .copyingWithReadOnlyAccess, .copyFailed, .updating,
        .updatingForStudyConsistency, .updated, .updateFailed, .deleting, .deleted, .importing, .imported,
        .importFailed,
    ]
}
