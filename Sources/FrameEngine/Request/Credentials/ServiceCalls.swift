/// The roles and the single sign-on of AWS itself, at the endpoints that the environment or the profile name, or its own.
///
/// `--endpoint-url` plays no part: it names the service that the credentials are for, and that one should not be sent
/// anybody's tokens. The AWS tools have it so too.
struct ServiceCalls: RoleGranting, SingleSignOnEndpoints {
    let endpoints: ServiceEndpoints
    let transports: CredentialsTransports

    private static let retry = RetryPolicy(attempts: 3, base: .milliseconds(200), cap: .seconds(2))

    func assume(_ role: RoleRequest, with source: AWSCredentials) async throws -> AWSCredentials {
        try await client(StaticCredentials(source)).assumeRole(role).credentials
    }

    func assume(_ role: RoleRequest, withWebIdentity token: String) async throws -> AWSCredentials {
        try await client(UnsignedRequests()).assumeRole(role, webIdentityToken: token).credentials
    }

    private func client(_ credentials: any CredentialsProvider) throws -> STSClient {
        STSClient(
            AWSClient(
                .sts, endpoint: try endpoints.resolve(.sts), credentials: credentials,
                transport: try transports.service(), retry: Self.retry))
    }

    func portal(region: String) throws(SettingsError) -> String {
        try endpoints.resolve(.singleSignOn, region: region).url
    }

    func tokenService(region: String) throws(SettingsError) -> String {
        try endpoints.resolve(.singleSignOnTokens, region: region).url
    }
}

extension AWSService {
    /// IAM Identity Center's portal, which gives roles' credentials.
    static let singleSignOn = AWSService(
        id: "sso", endpointPrefix: "portal.sso", signingName: "awsssoportal", wire: .restJSON)
    /// IAM Identity Center's tokens.
    static let singleSignOnTokens = AWSService(
        id: "sso_oidc", endpointPrefix: "oidc", signingName: "sso-oauth", wire: .restJSON)
}
