/// Temporary credentials of a role.
public struct AssumedRole: Sendable, Equatable {
    /// With a session token and an expiration.
    public let credentials: AWSCredentials
    /// Of the role's session (`arn:aws:sts::…:assumed-role/role/session`); nil where the service does not tell.
    public let arn: String?
}
