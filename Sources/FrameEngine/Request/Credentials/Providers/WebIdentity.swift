import Foundation

/// A token that somebody else vouches for (Kubernetes, GitHub, GitLab…), and the role that it assumes.
///
/// Variables go before the profile's values, one by one, unless an option named the profile.
struct WebIdentity: Sendable {
    static let tokenFileVariable = "AWS_WEB_IDENTITY_TOKEN_FILE"

    let configuration: AWSConfiguration
    let profile: AWSProfile?
    let usesEnvironment: Bool
    let services: CredentialsServices

    /// Nil where there is no token file.
    func credentials() async throws(CredentialsError) -> AWSCredentials? {
        guard let path = value(Self.tokenFileVariable, "web_identity_token_file") else { return nil }
        guard let arn = value("AWS_ROLE_ARN", "role_arn") else {
            throw CredentialsError(
                .incomplete,
                "web identity: there is a token file but no role; set AWS_ROLE_ARN, or role_arn in the profile"
            )
        }
        let token: String
        do throws(SmallFile.Problem) {
            token = String(decoding: try SmallFile.read(path), as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        } catch {
            throw CredentialsError(.incomplete, "web identity: the token file \(path) \(error.text)")
        }
        guard !token.isEmpty else {
            throw CredentialsError(.incomplete, "web identity: the token file \(path) is empty")
        }
        let request = RoleRequest(
            roleARN: arn,
            sessionName: value("AWS_ROLE_SESSION_NAME", "role_session_name")
                ?? RoleRequest.freshSessionName(at: services.now()))
        do {
            return try await services.roles.assume(request, withWebIdentity: token)
        } catch {
            let error = CredentialsError(
                granting: "web identity: AssumeRoleWithWebIdentity of \(arn)", error)
            // What refuses a token may repeat it.
            throw CredentialsError(error.reason, error.message.replacing(token, with: SecretRedaction.mark))
        }
    }

    private func value(_ variable: String, _ key: String) -> String? {
        (usesEnvironment ? configuration.variable(variable) : nil) ?? profile?.value(key)
    }
}
