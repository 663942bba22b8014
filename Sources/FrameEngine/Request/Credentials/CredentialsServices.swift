import Foundation

/// What providers work with beyond the environment and the files.
struct CredentialsServices: Sendable {
    var transports: CredentialsTransports
    var roles: any RoleGranting
    var singleSignOn: any SingleSignOnEndpoints
    var now: @Sendable () -> Date = { Date() }
}

/// Where IAM Identity Center answers: base URLs without a slash at the end.
protocol SingleSignOnEndpoints: Sendable {
    /// Of the service that gives roles' credentials for an access token.
    func portal(region: String) throws(SettingsError) -> String
    /// Of the service that renews access tokens.
    func tokenService(region: String) throws(SettingsError) -> String
}
