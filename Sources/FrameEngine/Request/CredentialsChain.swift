import Synchronization

/// One place that may have credentials.
protocol CredentialsSource: Sendable {
    /// What messages call it.
    var name: String { get }

    /// Looks. A place that has something unusable throws, so that the user learns of it.
    func load() async throws(CredentialsError) -> CredentialsLookup
}

/// What a place had.
enum CredentialsLookup: Sendable {
    case found(AWSCredentials)
    /// Nothing, and why.
    case nothing(String)
}

/// Asks one place after the other, and keeps the first answer for as long as it is valid. Any thread.
public final class CredentialsChain: CredentialsProvider {
    private let sources: [any CredentialsSource]
    private let kept = Mutex<AWSCredentials?>(nil)

    init(_ sources: [any CredentialsSource]) { self.sources = sources }

    /// The order of the AWS tools; a profile named by an option goes before keys in the environment.
    convenience init(standardFor configuration: AWSConfiguration) {
        let profile = ProfileCredentials(configuration: configuration)
        if configuration.profileIsFromOption {
            self.init([profile])
        } else {
            self.init([EnvironmentCredentials(environment: configuration.environment), profile])
        }
    }

    public func credentials() async throws -> AWSCredentials? {
        if let kept = kept.withLock({ $0 }) { return kept }
        var attempts: [String] = []
        for source in sources {
            switch try await source.load() {
            case .found(let credentials):
                // Temporary ones are asked for anew, by whoever knows how to renew them.
                if credentials.expiration == nil { kept.withLock { $0 = credentials } }
                return credentials
            case .nothing(let why):
                attempts.append("\(source.name): \(why)")
            }
        }
        throw CredentialsError(
            .none,
            "no AWS credentials (\(attempts.joined(separator: "; "))); set AWS_ACCESS_KEY_ID and "
                + "AWS_SECRET_ACCESS_KEY, choose a profile with --profile, or use --no-sign-request")
    }
}

/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
struct EnvironmentCredentials: CredentialsSource {
    let environment: [String: String]

    var name: String { "environment" }

    func load() throws(CredentialsError) -> CredentialsLookup {
        let key = environment["AWS_ACCESS_KEY_ID"] ?? ""
        let secret = environment["AWS_SECRET_ACCESS_KEY"] ?? ""
        if key.isEmpty, secret.isEmpty { return .nothing("AWS_ACCESS_KEY_ID is not set") }
        guard !key.isEmpty else {
            throw CredentialsError(.incomplete, "AWS_SECRET_ACCESS_KEY is set but AWS_ACCESS_KEY_ID is not")
        }
        guard !secret.isEmpty else {
            throw CredentialsError(.incomplete, "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not")
        }
        let token = environment["AWS_SESSION_TOKEN"] ?? ""
        return .found(
            AWSCredentials(
                accessKeyID: key, secretAccessKey: secret, sessionToken: token.isEmpty ? nil : token))
    }
}

/// Keys that stand in the profile, in the credentials file or the config file.
struct ProfileCredentials: CredentialsSource {
    let configuration: AWSConfiguration

    var name: String { "profile '\(configuration.profileName)'" }

    // The AWS tools put roles and single sign-on before keys of the same profile, and a process after them.
    private static let wantsBeforeKeys = [
        "role_arn", "web_identity_token_file", "sso_session", "sso_start_url", "sso_account_id",
        "login_session",
    ]

    func load() throws(CredentialsError) -> CredentialsLookup {
        if let want = Self.wantsBeforeKeys.first(where: { configuration.profileValue($0) != nil }) {
            throw unsupported(want)
        }
        for section in [configuration.credentialsSection, configuration.configSection] {
            guard let values = section?.values else { continue }
            let key = values["aws_access_key_id"] ?? ""
            let secret = values["aws_secret_access_key"] ?? ""
            if key.isEmpty, secret.isEmpty { continue }
            guard !key.isEmpty, !secret.isEmpty else {
                throw CredentialsError(
                    .incomplete,
                    "\(name) has only one of aws_access_key_id and aws_secret_access_key; it needs both")
            }
            let token = values["aws_session_token"] ?? ""
            return .found(
                AWSCredentials(
                    accessKeyID: key, secretAccessKey: secret, sessionToken: token.isEmpty ? nil : token))
        }
        if configuration.profileValue("credential_process") != nil { throw unsupported("credential_process") }
        let exists = configuration.configSection != nil || configuration.credentialsSection != nil
        return .nothing(exists ? "has no aws_access_key_id" : "is not in the AWS config or credentials file")
    }

    private func unsupported(_ key: String) -> CredentialsError {
        CredentialsError(
            .unsupported,
            "\(name) gets its credentials through \(key), which is not supported here; export temporary keys instead: "
                + "eval \"$(aws configure export-credentials --profile \(configuration.profileName) --format env)\""
        )
    }
}
