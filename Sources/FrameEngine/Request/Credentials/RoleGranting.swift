/// The calls of STS that give a role's credentials.
protocol RoleGranting: Sendable {
    /// AssumeRole, signed with `source`.
    func assume(_ role: RoleRequest, with source: AWSCredentials) async throws -> AWSCredentials

    /// AssumeRoleWithWebIdentity, unsigned: the token says who asks.
    func assume(_ role: RoleRequest, withWebIdentity token: String) async throws -> AWSCredentials
}
