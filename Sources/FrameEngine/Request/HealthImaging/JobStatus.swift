/// How far an import job is. An open list.
public struct JobStatus: OpenEnum {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public static let submitted = Self(rawValue: "SUBMITTED")
    public static let inProgress = Self(rawValue: "IN_PROGRESS")
    public static let completed = Self(rawValue: "COMPLETED")
    public static let failed = Self(rawValue: "FAILED")

    public static let known: [Self] = [.submitted, .inProgress, .completed, .failed]
}
