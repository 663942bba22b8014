import Foundation
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
    private struct State {
        var kept: AWSCredentials?
        /// The search that is under way; all who need its result wait for it.
        var search: Task<AWSCredentials, any Error>?
        /// Refused credentials in whose place the last search found nothing else, and when that was.
        var fruitless: (refused: AWSCredentials, at: ContinuousClock.Instant)?
    }

    /// So long after a search that found nothing else there is no other one.
    private let pause: Duration

    /// Temporary credentials are given out until so long before they expire.
    private static let margin: TimeInterval = 300

    private let sources: [any CredentialsSource]
    private let state = Mutex(State())

    init(_ sources: [any CredentialsSource], pause: Duration = .seconds(5)) {
        self.sources = sources
        self.pause = pause
    }

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
        try await current(otherThan: nil)
    }

    public func credentials(insteadOf refused: AWSCredentials) async throws -> AWSCredentials? {
        let isFruitless = state.withLock { state in
            state.fruitless.map { $0.refused == refused && $0.at.duration(to: .now) < pause } ?? false
        }
        if isFruitless { return nil }
        let found = try await current(otherThan: refused)
        guard found == refused else { return found }
        state.withLock { $0.fruitless = (refused, .now) }
        return nil
    }

    /// What is kept, if it is still good and not what was refused; else what one new search for all callers finds.
    private func current(otherThan refused: AWSCredentials?) async throws -> AWSCredentials {
        let (kept, search): (AWSCredentials?, Task<AWSCredentials, any Error>?) = state.withLock { state in
            // Whoever signs from now on waits for the search too, instead of being refused as well.
            if state.kept == refused { state.kept = nil }
            if let kept = state.kept, Self.isGood(kept) { return (kept, nil) }
            if let search = state.search { return (nil, search) }
            let search = Task { try await self.search() }
            state.search = search
            return (nil, search)
        }
        if let kept { return kept }
        guard let search else { preconditionFailure("without kept credentials there is a search") }
        return try await search.value
    }

    private static func isGood(_ credentials: AWSCredentials) -> Bool {
        credentials.expiration.map { $0.timeIntervalSinceNow > margin } ?? true
    }

    private func search() async throws -> AWSCredentials {
        defer { state.withLock { $0.search = nil } }
        var attempts: [String] = []
        for source in sources {
            switch try await source.load() {
            case .found(let credentials):
                state.withLock { $0.kept = credentials }
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
///
/// The files are read again each time: whoever renews short-lived keys writes them there.
struct ProfileCredentials: CredentialsSource {
    private let initial: AWSConfiguration

    init(configuration: AWSConfiguration) { initial = configuration }

    var name: String { "profile '\(initial.profileName)'" }

    // The AWS tools put roles and single sign-on before keys of the same profile, and a process after them.
    private static let wantsBeforeKeys = [
        "role_arn", "web_identity_token_file", "sso_session", "sso_start_url", "sso_account_id",
        "login_session",
    ]

    func load() throws(CredentialsError) -> CredentialsLookup {
        let configuration: AWSConfiguration
        do {
            configuration = try initial.readAgain()
        } catch {
            throw CredentialsError(.incomplete, error.message)
        }
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
                + "eval \"$(aws configure export-credentials --profile \(initial.profileName) --format env)\""
        )
    }
}
