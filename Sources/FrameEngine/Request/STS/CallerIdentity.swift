/// Whose credentials sign the requests, as GetCallerIdentity tells.
public struct CallerIdentity: Sendable, Hashable {
    /// Twelve digits.
    public let account: String
    public let arn: String
    public let userID: String
}
