import Foundation

/// Which role to assume, and how. What is nil is left to the service.
public struct RoleRequest: Sendable, Hashable {
    public var roleARN: String
    /// Stands in the audit trail: 2 to 64 characters of `A-Z a-z 0-9 _ = , . @ -`.
    public var sessionName: String
    /// Seconds, 900 to 43,200; the service's default is 3,600.
    public var durationSeconds: Int?
    /// What the role's policy asks for, where it belongs to somebody else. Not used with a web identity.
    public var externalID: String?
    /// Serial number or ARN of a multi-factor device, with `tokenCode`. Not used with a web identity.
    public var serialNumber: String?
    public var tokenCode: String?

    public init(
        roleARN: String, sessionName: String, durationSeconds: Int? = nil, externalID: String? = nil,
        serialNumber: String? = nil, tokenCode: String? = nil
    ) {
        self.roleARN = roleARN
        self.sessionName = sessionName
        self.durationSeconds = durationSeconds
        self.externalID = externalID
        self.serialNumber = serialNumber
        self.tokenCode = tokenCode
    }

    /// A session name that nobody else has: `hi-fetch-` and the seconds since 1970.
    public static func freshSessionName(at date: Date = Date()) -> String {
        "hi-fetch-\(AWSTimestamp(date).epochSeconds)"
    }

    var parameters: [(String, String)] {
        let optional: [(String, String?)] = [
            ("DurationSeconds", durationSeconds.map(String.init)), ("ExternalId", externalID),
            ("SerialNumber", serialNumber), ("TokenCode", tokenCode),
        ]
        return [("RoleArn", roleARN), ("RoleSessionName", sessionName)]
            + optional.compactMap { name, value in value.map { (name, $0) } }
    }
}
