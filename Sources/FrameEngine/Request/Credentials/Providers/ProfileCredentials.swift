import Foundation

/// What the profile leads to: keys in the files, a role, a web identity, single sign-on, or a process.
///
/// The files are read again each time: whoever renews short-lived keys writes them there. Where a profile says several
/// things, the AWS tools' order decides: role, web identity, single sign-on, keys of the credentials file, process, keys of
/// the config file.
struct ProfileCredentials: CredentialsSource {
    private let initial: AWSConfiguration
    private let services: CredentialsServices

    init(configuration: AWSConfiguration, services: CredentialsServices) {
        initial = configuration
        self.services = services
    }

    var name: String { "profile '\(initial.profileName)'" }

    func load() async throws(CredentialsError) -> CredentialsLookup {
        let configuration: AWSConfiguration
        do {
            configuration = try initial.readAgain()
        } catch {
            throw CredentialsError(.incomplete, error.message)
        }
        let profile = configuration.profile(configuration.profileName)
        if let profile, profile.isAssumedRole {
            let role = RoleCredentials(configuration: configuration, services: services)
            return .found(try await role.credentials(of: profile))
        }
        let steps = ProfileSteps(configuration: configuration, services: services)
        let usesEnvironment = !configuration.profileIsFromOption
        return try await steps.lookup(
            profile, named: configuration.profileName, usesEnvironment: usesEnvironment)
    }
}

/// What a profile may say but for a role, in the order in which it counts.
struct ProfileSteps: Sendable {
    let configuration: AWSConfiguration
    let services: CredentialsServices

    /// - Parameters:
    ///   - profile: nil where it is in neither file.
    ///   - usesEnvironment: whether variables may name a web identity.
    func lookup(
        _ profile: AWSProfile?, named name: String, usesEnvironment: Bool
    ) async throws(CredentialsError) -> CredentialsLookup {
        let webIdentity = WebIdentity(
            configuration: configuration, profile: profile, usesEnvironment: usesEnvironment,
            services: services)
        if let found = try await webIdentity.credentials() { return .found(found) }
        let variable = usesEnvironment ? "; web identity: \(WebIdentity.tokenFileVariable) is not set" : ""
        guard let profile else { return .nothing("is not in the AWS config or credentials file\(variable)") }
        let signOn = SingleSignOn(configuration: configuration, profile: profile, services: services)
        if let found = try await signOn.credentials() { return .found(found) }
        if let found = try Self.keys(profile.credentialsSection, name) { return .found(found) }
        if profile.value("login_session") != nil { throw Self.noLogin(name) }
        if let command = profile.value("credential_process") {
            let process = ProcessCredentials(
                command: command, profile: name, environment: configuration.environment)
            return .found(try await process.credentials())
        }
        if let found = try Self.keys(profile.configSection, name) { return .found(found) }
        return .nothing(
            "has no aws_access_key_id, role_arn, web_identity_token_file, sso_account_id or credential_process"
                + variable)
    }

    private static func keys(
        _ section: AWSConfigFile.Section?, _ name: String
    ) throws(CredentialsError) -> AWSCredentials? {
        let key = section?.values["aws_access_key_id"] ?? ""
        let secret = section?.values["aws_secret_access_key"] ?? ""
        if key.isEmpty, secret.isEmpty { return nil }
        guard !key.isEmpty, !secret.isEmpty else {
            throw CredentialsError(
                .incomplete,
                "profile '\(name)' has only one of aws_access_key_id and aws_secret_access_key; it needs both"
            )
        }
        let token = section?.values["aws_session_token"] ?? ""
        return AWSCredentials(
            accessKeyID: key, secretAccessKey: secret, sessionToken: token.isEmpty ? nil : token)
    }

    private static func noLogin(_ name: String) -> CredentialsError {
        CredentialsError(
            .unsupported,
            "profile '\(name)' gets its credentials through login_session, which is not supported here; export temporary "
                + "keys instead: eval \"$(aws configure export-credentials --profile \(name) --format env)\"")
    }
}
