import Foundation

/// Calls AWS Security Token Service: who am I, and temporary credentials of a role. A value; any thread.
public struct STSClient: Sendable {
    private let client: AWSClient

    public init(transport: any HTTPTransport, settings: AWSSettings, retry: RetryPolicy = RetryPolicy()) {
        client = AWSClient(.sts, transport: transport, settings: settings, retry: retry)
    }

    /// - Parameter client: of the service `.sts`.
    package init(_ client: AWSClient) { self.client = client }

    /// Whose credentials sign the requests (GetCallerIdentity). Needs no permission.
    public func callerIdentity() async throws -> CallerIdentity {
        let action = "GetCallerIdentity"
        let result = try await result(of: client.queryCall(action, []))
        guard let account = result.text("Account"), let arn = result.text("Arn"),
            let userID = result.text("UserId")
        else { throw unreadable(action) }
        return CallerIdentity(account: account, arn: arn, userID: userID)
    }

    /// Temporary credentials of a role, for who may assume it (AssumeRole).
    public func assumeRole(_ request: RoleRequest) async throws -> AssumedRole {
        try await assumedRole(client.queryCall("AssumeRole", request.parameters))
    }

    /// Temporary credentials of a role, for the bearer of an identity provider's token (AssumeRoleWithWebIdentity).
    ///
    /// The call is not signed: it needs no credentials. No error repeats the token.
    public func assumeRole(_ request: RoleRequest, webIdentityToken token: String) async throws -> AssumedRole
    {
        var call = client.queryCall(
            "AssumeRoleWithWebIdentity", request.parameters + [("WebIdentityToken", token)])
        call.isSigned = false
        call.secrets = [token]
        return try await assumedRole(call)
    }

    private func assumedRole(_ call: AWSCall) async throws -> AssumedRole {
        let result = try await result(of: call)
        guard let credentials = result["Credentials"], let key = credentials.text("AccessKeyId"),
            let secret = credentials.text("SecretAccessKey"), let token = credentials.text("SessionToken"),
            let expiration = credentials.text("Expiration").flatMap(AWSDate.parse), !key.isEmpty,
            !secret.isEmpty, !token.isEmpty
        else { throw unreadable(call.operation) }
        return AssumedRole(
            credentials: AWSCredentials(
                accessKeyID: key, secretAccessKey: secret, sessionToken: token, expiration: expiration),
            arn: result["AssumedRoleUser"]?.text("Arn"))
    }

    private func result(of call: AWSCall) async throws -> XMLNode {
        guard let result = try await client.xml(call)["\(call.operation)Result"] else {
            throw unreadable(call.operation)
        }
        return result
    }

    private func unreadable(_ operation: String) -> ServiceError {
        .unreadable(operation, status: 200, "is not the XML of this operation")
    }
}
