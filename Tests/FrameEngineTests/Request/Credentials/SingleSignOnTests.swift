import Foundation
import Testing

@testable import FrameEngine

@Suite("Credentials of single sign-on")
struct SingleSignOnTests {
    typealias Home = AWSSettingsTests.Home

    private static let session = """
        [profile p]
        sso_session = work
        sso_account_id = 111122223333
        sso_role_name = Read Only
        [sso-session work]
        sso_start_url = https://example.awsapps.com/start
        sso_region = eu-west-1
        """
    private static let legacy = """
        [profile p]
        sso_start_url = https://example.awsapps.com/start
        sso_region = eu-west-1
        sso_account_id = 111122223333
        sso_role_name = Read Only
        """

    /// Single sign-on that knows the access tokens GOOD and NEW, and renews with the refresh token R3FRESH.
    private static func service() throws -> CredentialsDouble {
        try CredentialsDouble { incoming in
            if incoming.path == "/token" {
                let form = (try? JSONSerialization.jsonObject(with: Data(incoming.body))) as? [String: String]
                guard form?["grantType"] == "refresh_token", form?["refreshToken"] == "R3FRESH" else {
                    return .text(#"{"error":"invalid_grant","error_description":"S3CRET"}"#, status: 400)
                }
                return .text(
                    #"{"accessToken":"NEW","expiresIn":28800,"refreshToken":"R2","tokenType":"Bearer"}"#)
            }
            switch incoming.field("x-amz-sso_bearer_token") {
            case "GOOD", "NEW":
                return .text(
                    #"{"roleCredentials":{"accessKeyId":"SSO","secretAccessKey":"S","sessionToken":"T","#
                        + #""expiration":4070908800000}}"#)
            case "NOTMINE":
                return .text(
                    #"{"message":"No access","__type":"com.amazonaws#ForbiddenException"}"#, status: 403)
            default:
                return .text(#"{"message":"S3CRET"}"#, status: 401)
            }
        }
    }

    private static func environment(_ double: CredentialsDouble) -> [String: String] {
        ["AWS_ENDPOINT_URL_SSO": double.url, "AWS_ENDPOINT_URL_SSO_OIDC": double.url, "AWS_PROFILE": "p"]
    }

    /// Puts a token where `aws sso login` would; returns the file's path.
    @discardableResult
    private static func signIn(
        _ home: Home, token: String = "GOOD", key: String = "work", expires: String = "2099-01-01T00:00:00Z",
        refreshToken: String? = nil, registration: String = "2099-01-01T00:00:00Z"
    ) throws -> String {
        var members = [
            "accessToken": token, "expiresAt": expires, "region": "eu-west-1", "startUrl": "https://old",
            "clientId": "C", "clientSecret": "CS", "registrationExpiresAt": registration, "other": "kept",
        ]
        members["refreshToken"] = refreshToken
        let path = SignOnTokenFile(home: home.path, key: key).path
        try FileManager.default.createDirectory(
            atPath: "\(home.path)/.aws/sso/cache", withIntermediateDirectories: true)
        try JSONSerialization.data(withJSONObject: members).write(to: URL(fileURLWithPath: path))
        return path
    }

    private static func soon(_ seconds: TimeInterval) -> String { CredentialsTime.text(Date() + seconds) }

    @Test("have their token in the file that the AWS tools name after the session or the start URL")
    func cacheNames() {
        // SHA-1 of "work" and of "https://example.awsapps.com/start", as sha1sum gives them.
        #expect(
            SignOnTokenFile(home: "/h", key: "work").path
                == "/h/.aws/sso/cache/e274eeff768c6396088ec6eb091f4bf4d47ab1e0.json")
        #expect(
            SignOnTokenFile(home: "/h", key: "https://example.awsapps.com/start").path
                == "/h/.aws/sso/cache/e8be5486177c5b5392bd9aa76563515b29358e6e.json")
    }

    @Test("come from GetRoleCredentials for the kept token, in both forms of the profile")
    func found() async throws {
        for (config, key) in [(Self.session, "work"), (Self.legacy, "https://example.awsapps.com/start")] {
            let double = try Self.service()
            let home = try Home(config: config)
            try Self.signIn(home, key: key)
            let found = try await CredentialsDouble.load(home, Self.environment(double))
            #expect(found.accessKeyID == "SSO")
            #expect(found.sessionToken == "T")
            #expect(found.expiration == AWSDate.parse("2099-01-01T00:00:00Z"))
            let request = try #require(double.requests.first)
            #expect(double.requests.count == 1)
            #expect(
                request.path == "/federation/credentials?role_name=Read%20Only&account_id=111122223333")
            #expect(request.field("authorization") == nil)
        }
    }

    @Test("are asked for at the region of the session, not at that of the requests")
    func region() async throws {
        let transport = ScriptedTransport([
            .json(
                #"{"roleCredentials":{"accessKeyId":"K","secretAccessKey":"S","sessionToken":"T","expiration":1}}"#
            )
        ])
        let home = try Home(config: Self.session)
        try Self.signIn(home)
        let environment = ["HOME": home.path, "AWS_PROFILE": "p", "AWS_REGION": "us-east-1"]
        let settings = try AWSSettings(options: .init(), environment: environment) { _ in
            CredentialsTransports(transport)
        }
        let error = await #expect(throws: CredentialsError.self) {
            try await settings.credentials.credentials()
        }
        #expect(error?.reason == .expired, "they ended in 1970")
        #expect(
            transport.requests.map(\.url).first?.hasPrefix(
                "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?") == true)
    }

    @Test("renew a session's token that runs out, and keep it for the next run, for the owner alone")
    func renewal() async throws {
        for expires in ["2001-01-01T00:00:00UTC", Self.soon(600)] {
            let double = try Self.service()
            let home = try Home(config: Self.session)
            let path = try Self.signIn(home, token: "OLD", expires: expires, refreshToken: "R3FRESH")
            #expect(try await CredentialsDouble.load(home, Self.environment(double)).accessKeyID == "SSO")
            #expect(double.requests.map(\.path).first == "/token")
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            let kept = try #require(try JSONSerialization.jsonObject(with: data) as? [String: String])
            #expect(kept["accessToken"] == "NEW")
            #expect(kept["refreshToken"] == "R2")
            #expect(kept["startUrl"] == "https://example.awsapps.com/start")
            #expect(kept["clientSecret"] == "CS")
            #expect(kept["other"] == "kept")
            #expect(kept["expiresAt"].flatMap(AWSDate.parse).map { $0 > Date() + 28000 } == true)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: "\(home.path)/.aws/sso/cache").count == 1)
        }
    }

    @Test("take a renewal for any time that is told")
    func endlessRenewal() throws {
        let kept = try SignOnToken(
            parsing: Array(#"{"accessToken":"A","expiresAt":"2026-01-01T00:00:00Z"}"#.utf8))
        let answer = Array(#"{"accessToken":"B","expiresIn":\#(Int.max)}"#.utf8)
        let renewed = kept.renewed(by: answer, at: kept.expiration, startURL: "u", region: "r")
        #expect(try SignOnToken(parsing: #require(renewed?.document)).expiration > kept.expiration)
    }

    @Test("use a token that cannot be renewed for as long as it is valid")
    func notRenewed() async throws {
        let double = try Self.service()
        for refreshToken in [nil, "WRONG"] {
            let home = try Home(config: Self.session)
            try Self.signIn(home, expires: Self.soon(600), refreshToken: refreshToken)
            #expect(try await CredentialsDouble.load(home, Self.environment(double)).accessKeyID == "SSO")
        }
        let home = try Home(config: Self.session)
        try Self.signIn(home, expires: Self.soon(600), refreshToken: "R3FRESH", registration: Self.soon(-1))
        #expect(try await CredentialsDouble.load(home, Self.environment(double)).accessKeyID == "SSO")
        #expect(double.requests.map(\.path).filter { $0 == "/token" }.count == 1, "for WRONG alone")
    }

    @Test("that need a new sign-in end in an error with the command for it, and with no token in it")
    func signInAgain() async throws {
        let double = try Self.service()
        let past = "2001-01-01T00:00:00Z"
        let cases: [(String, String, (Home) throws -> Void, String)] = [
            (Self.session, "aws sso login --sso-session work", { _ in }, "does not exist"),
            (
                Self.session, "aws sso login --sso-session work",
                { try Self.signIn($0, token: "T0KEN", expires: past) }, "expired at 2001-01-01T00:00:00Z"
            ),
            (
                Self.session, "aws sso login --sso-session work",
                { try Self.signIn($0, token: "T0KEN", expires: past, refreshToken: "WRONG") }, "expired at"
            ),
            (
                Self.session, "aws sso login --sso-session work", { try Self.signIn($0, token: "T0KEN") },
                "does not accept the session"
            ),
            (Self.legacy, "aws sso login --profile p", { _ in }, "does not exist"),
            (
                Self.legacy, "aws sso login --profile p",
                {
                    try Self.signIn(
                        $0, token: "T0KEN", key: "https://example.awsapps.com/start", expires: past,
                        refreshToken: "R3FRESH")
                }, "expired at"
            ),
        ]
        for (config, command, signIn, words) in cases {
            let home = try Home(config: config)
            try signIn(home)
            let error = await CredentialsDouble.failure(home, Self.environment(double))
            #expect(error?.reason == .expired)
            #expect(error?.message.contains(command) == true, "\(error?.message ?? "no error")")
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "no error")")
            for secret in ["T0KEN", "S3CRET", "R3FRESH"] {
                #expect(error?.message.contains(secret) == false)
            }
        }
    }

    @Test("of a role that the user does not have end in the service's refusal")
    func refused() async throws {
        let double = try Self.service()
        let home = try Home(config: Self.session)
        try Self.signIn(home, token: "NOTMINE")
        let error = await CredentialsDouble.failure(home, Self.environment(double))
        #expect(error?.reason == .refused)
        #expect(
            error?.message.contains("GetRoleCredentials for Read Only in account 111122223333") == true)
        #expect(error?.message.contains("ForbiddenException") == true)
    }

    @Test(
        "are not asked for by profiles that lack something or contradict their session",
        arguments: [
            ("sso_account_id = 1\nsso_session = gone\nsso_role_name = r", "no [sso-session gone]"),
            ("sso_account_id = 1\nsso_session = work", "lacks sso_role_name"),
            ("sso_role_name = r", "lacks sso_account_id, sso_start_url, sso_region"),
            (
                "sso_account_id = 1\nsso_role_name = r\nsso_session = work\nsso_region = us-east-2",
                "sso_region differs"
            ),
        ])
    func incomplete(profile: String, words: String) async throws {
        let home = try Home(
            config: "[profile p]\n\(profile)\n[sso-session work]\nsso_start_url = u\nsso_region = eu-west-1\n"
        )
        let error = await CredentialsDouble.failure(home, ["AWS_PROFILE": "p"])
        #expect(error?.reason == .incomplete)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "no error")")
    }

    @Test("are not asked for with a kept token that is damaged")
    func damaged() async throws {
        let home = try Home(config: Self.session)
        let path = try Self.signIn(home)
        for text in [
            "", "T0KEN", "[]", #"{"accessToken":"T0KEN"}"#,
            #"{"accessToken":"a\nT0KEN","expiresAt":"2099-01-01T00:00:00Z"}"#,
        ] {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let error = await CredentialsDouble.failure(home, ["AWS_PROFILE": "p"])
            #expect(error?.message.contains("aws sso login") == true)
            #expect(error?.message.contains("T0KEN") == false)
        }
    }

    @Test("are asked for where botocore's endpoint rules say")
    func endpoints() throws {
        let cases: [(AWSService, String, Bool, Bool, String)] = [
            (.singleSignOn, "eu-west-1", false, false, "https://portal.sso.eu-west-1.amazonaws.com"),
            (.singleSignOn, "us-west-2", true, false, "https://portal.sso-fips.us-west-2.amazonaws.com"),
            (.singleSignOn, "us-gov-west-1", true, false, "https://portal.sso.us-gov-west-1.amazonaws.com"),
            (.singleSignOn, "cn-north-1", false, false, "https://portal.sso.cn-north-1.amazonaws.com.cn"),
            (.singleSignOn, "us-east-1", false, true, "https://portal.sso.us-east-1.api.aws"),
            (.singleSignOnTokens, "eu-west-1", false, false, "https://oidc.eu-west-1.amazonaws.com"),
            (.singleSignOnTokens, "us-gov-east-1", true, false, "https://oidc.us-gov-east-1.amazonaws.com"),
            (.singleSignOnTokens, "us-east-1", true, true, "https://oidc-fips.us-east-1.api.aws"),
        ]
        for (service, region, fips, dualStack, url) in cases {
            let endpoint = try AWSEndpoint(
                of: service, region: region, useFIPS: fips, useDualStack: dualStack)
            #expect(endpoint.url == url)
        }
    }
}
