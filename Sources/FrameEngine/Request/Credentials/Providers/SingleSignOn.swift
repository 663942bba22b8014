import Foundation

/// `sso_account_id` and `sso_role_name` of a profile: a role of IAM Identity Center, for who has signed in with `aws sso login`.
///
/// With `sso_session` the access token is renewed here when it runs out, and kept where the AWS tools keep it; the older
/// form, with `sso_start_url` in the profile, has tokens that cannot be renewed.
struct SingleSignOn: Sendable {
    let configuration: AWSConfiguration
    let profile: AWSProfile
    let services: CredentialsServices

    /// Tokens are renewed so long before they expire, in seconds.
    private static let renewalTime: TimeInterval = 900

    /// What the profile, and the session that it names, say.
    private struct Setup {
        let account: String
        let role: String
        let startURL: String
        let region: String
        let session: String?

        var tokenKey: String { session ?? startURL }
    }

    private var place: String { "profile '\(profile.name)': single sign-on" }

    /// Nil where the profile does not sign on.
    func credentials() async throws(CredentialsError) -> AWSCredentials? {
        guard let setup = try setup() else { return nil }
        let transport: any HTTPTransport
        do { transport = try services.transports.service() } catch { throw .noTransport(error, place) }
        let endpoint = CredentialsEndpoint(transport: transport)
        let token = try await token(setup, endpoint)
        return try await roleCredentials(setup, token, endpoint)
    }

    private func setup() throws(CredentialsError) -> Setup? {
        guard profile.value("sso_account_id") != nil || profile.value("sso_role_name") != nil else {
            return nil
        }
        var values: [String: String] = [:]
        let keys = ["sso_account_id", "sso_role_name", "sso_start_url", "sso_region"]
        for key in keys { values[key] = profile.value(key) }
        let session = profile.value("sso_session")
        if let session {
            guard let section = configuration.singleSignOnSession(session) else {
                throw CredentialsError(
                    .incomplete, "\(place): there is no [sso-session \(session)] in the AWS config file")
            }
            for key in keys {
                guard let value = section[key], !value.isEmpty else { continue }
                guard values[key] == nil || values[key] == value else {
                    throw CredentialsError(
                        .incomplete,
                        "\(place): \(key) differs between the profile and [sso-session \(session)]")
                }
                values[key] = value
            }
        }
        guard let account = values["sso_account_id"], let role = values["sso_role_name"],
            let startURL = values["sso_start_url"], let region = values["sso_region"]
        else {
            let missing = keys.filter { values[$0] == nil }.joined(separator: ", ")
            throw CredentialsError(.incomplete, "\(place) lacks \(missing)")
        }
        return Setup(account: account, role: role, startURL: startURL, region: region, session: session)
    }

    private func advice(_ setup: Setup) -> String {
        "sign in with: aws sso login "
            + (setup.session.map { "--sso-session \($0)" } ?? "--profile \(profile.name)")
    }

    // MARK: The access token

    private func token(
        _ setup: Setup, _ endpoint: CredentialsEndpoint
    ) async throws(CredentialsError) -> String {
        let file = SignOnTokenFile(home: configuration.home, key: setup.tokenKey)
        let kept: SignOnToken
        do throws(SmallFile.Problem) {
            kept = try file.read()
        } catch {
            throw CredentialsError(.expired, "\(place): the kept token \(error.text); \(advice(setup))")
        }
        let now = services.now()
        if kept.expiration.timeIntervalSince(now) > Self.renewalTime { return kept.accessToken }
        if setup.session != nil, let renewal = kept.renewal(at: now),
            let renewed = try await renew(kept, renewal, setup, endpoint)
        {
            file.write(renewed)
            return renewed.accessToken
        }
        guard kept.expiration > now else {
            throw CredentialsError(
                .expired,
                "\(place): the session expired at \(CredentialsTime.text(kept.expiration)); \(advice(setup))")
        }
        return kept.accessToken
    }

    /// Nil where the service does not renew it: what is kept may do for a while yet.
    private func renew(
        _ token: SignOnToken, _ renewal: SignOnToken.Renewal, _ setup: Setup,
        _ endpoint: CredentialsEndpoint
    ) async throws(CredentialsError) -> SignOnToken? {
        let base: String
        do {
            base = try services.singleSignOn.tokenService(region: setup.region)
        } catch {
            throw CredentialsError(.incomplete, "\(place): \(error.message)")
        }
        let form = [
            "grantType": "refresh_token", "clientId": renewal.clientID, "clientSecret": renewal.clientSecret,
            "refreshToken": renewal.refreshToken,
        ]
        guard let body = try? JSONSerialization.data(withJSONObject: form) else { return nil }
        let request = HTTPRequest(
            method: "POST", url: "\(base)/token", fields: [HTTPField("Content-Type", "application/json")],
            body: Array(body))
        guard let answer = try? await endpoint.send(request) else { return nil }
        return token.renewed(by: answer, at: services.now(), startURL: setup.startURL, region: setup.region)
    }

    // MARK: The role's credentials

    private struct Answer: Decodable, ContentsHidden {
        struct Keys: Decodable, ContentsHidden {
            let accessKeyId: String
            let secretAccessKey: String
            let sessionToken: String
            /// Milliseconds since 1970.
            let expiration: Double
        }
        let roleCredentials: Keys
    }

    private func roleCredentials(
        _ setup: Setup, _ token: String, _ endpoint: CredentialsEndpoint
    ) async throws(CredentialsError) -> AWSCredentials {
        let base: String
        do {
            base = try services.singleSignOn.portal(region: setup.region)
        } catch {
            throw CredentialsError(.incomplete, "\(place): \(error.message)")
        }
        let query =
            "role_name=\(PercentEncoding.encode(setup.role))&account_id=\(PercentEncoding.encode(setup.account))"
        let request = HTTPRequest(
            method: "GET", url: "\(base)/federation/credentials?\(query)",
            fields: [HTTPField("x-amz-sso_bearer_token", token)])
        let host = URLParts(base)?.hostHeader ?? ""
        let body: [UInt8]
        do {
            body = try await endpoint.send(request)
        } catch {
            if error.status == 401 {
                throw CredentialsError(
                    .expired, "\(place): \(host) does not accept the session any more; \(advice(setup))")
            }
            let what = "GetRoleCredentials for \(setup.role) in account \(setup.account)"
            throw CredentialsError(
                error.status.map { $0 < 500 && $0 != 429 } == true ? .refused : .unreachable,
                "\(place): \(what): \(host) \(error.text)")
        }
        guard let keys = try? JSONDecoder().decode(Answer.self, from: Data(body)).roleCredentials,
            !keys.accessKeyId.isEmpty, !keys.secretAccessKey.isEmpty
        else {
            throw CredentialsError(
                .incomplete, "\(place): the answer of \(host) is not the JSON of GetRoleCredentials")
        }
        return AWSCredentials(
            accessKeyID: keys.accessKeyId, secretAccessKey: keys.secretAccessKey,
            sessionToken: keys.sessionToken,
            expiration: keys.expiration > 0 ? Date(timeIntervalSince1970: keys.expiration / 1000) : nil)
    }
}
