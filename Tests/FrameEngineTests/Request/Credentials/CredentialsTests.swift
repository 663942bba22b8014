import Foundation
import Testing

@testable import FrameEngine

@Suite("Credentials")
struct CredentialsTests {
    typealias Home = AWSSettingsTests.Home

    static let environment = [
        "AWS_ACCESS_KEY_ID": "ENVKEY", "AWS_SECRET_ACCESS_KEY": "ENVSECRET", "AWS_REGION": "us-east-1",
    ]
    static let files = "[default]\naws_access_key_id = FILEKEY\naws_secret_access_key = FILESECRET\n"

    static func load(
        _ home: Home, _ options: AWSSettings.Options = .init(), _ environment: [String: String] = [:]
    ) async throws -> AWSCredentials? {
        let region = ["AWS_REGION": "us-east-1"].merging(environment) { _, new in new }
        return try await home.settings(options, region).credentials.credentials()
    }

    @Test("come from the environment before the profile, with the session token")
    func environmentFirst() async throws {
        let home = try Home(credentials: Self.files)
        var environment = Self.environment
        #expect(try await Self.load(home, .init(), environment)?.accessKeyID == "ENVKEY")
        environment["AWS_SESSION_TOKEN"] = "ENVTOKEN"
        #expect(try await Self.load(home, .init(), environment)?.sessionToken == "ENVTOKEN")
        #expect(try await Self.load(home)?.secretAccessKey == "FILESECRET")
    }

    @Test(
        "come from the profile before the environment when an option names it, but not when AWS_PROFILE does")
    func profileOption() async throws {
        let home = try Home(credentials: Self.files)
        #expect(
            try await Self.load(home, .init(profile: "default"), Self.environment)?.accessKeyID == "FILEKEY")
        let named = Self.environment.merging(["AWS_PROFILE": "default"]) { _, new in new }
        #expect(try await Self.load(home, .init(), named)?.accessKeyID == "ENVKEY")
    }

    @Test("come from the credentials file before the config file")
    func credentialsFileFirst() async throws {
        let config = """
            [profile p]
            aws_access_key_id = CONFIGKEY
            aws_secret_access_key = CONFIGSECRET
            aws_session_token = CONFIGTOKEN
            """
        let only = try Home(config: config)
        let credentials = try #require(try await Self.load(only, .init(profile: "p")))
        #expect(credentials.accessKeyID == "CONFIGKEY")
        #expect(credentials.sessionToken == "CONFIGTOKEN")
        let both = try Home(config: config, credentials: Self.files.replacing("default", with: "p"))
        #expect(try await Self.load(both, .init(profile: "p"))?.accessKeyID == "FILEKEY")
    }

    @Test("are none with --no-sign-request")
    func unsigned() async throws {
        let home = try Home(credentials: Self.files)
        #expect(try await Self.load(home, .init(noSignRequest: true), Self.environment) == nil)
    }

    @Test("that are nowhere end in an error that tells every place asked, and why it had none")
    func nowhere() async throws {
        let home = try Home(config: "[profile p]\nregion = us-east-1")
        let error = await #expect(throws: CredentialsError.self) { try await Self.load(home) }
        #expect(error?.reason == CredentialsError.Reason.none)
        #expect(error?.message.contains("environment: AWS_ACCESS_KEY_ID is not set") == true)
        #expect(error?.message.contains("profile 'default': is not in the AWS config") == true)
        let named = await #expect(throws: CredentialsError.self) {
            try await Self.load(home, .init(profile: "p"))
        }
        #expect(named?.message.contains("profile 'p': has no aws_access_key_id") == true)
        for place in [
            "web identity: AWS_WEB_IDENTITY_TOKEN_FILE", "container endpoint: neither",
            "EC2 instance metadata:",
        ] {
            #expect(error?.message.contains(place) == true, "\(error?.message ?? "")")
        }
        #expect(named?.message.contains("environment:") == false, "an option named the profile")
        #expect(named?.message.contains("web identity: AWS_") == false, "an option named the profile")
    }

    @Test("of the environment may say when they expire")
    func environmentExpiration() async throws {
        let home = try Home()
        var environment = Self.environment
        environment["AWS_CREDENTIAL_EXPIRATION"] = "2099-01-01T00:00:00+00:00"
        #expect(
            try await Self.load(home, .init(), environment)?.expiration
                == AWSDate.parse("2099-01-01T00:00:00Z"))
        for (text, reason) in [
            ("2001-01-01T00:00:00Z", CredentialsError.Reason.expired), ("soon", .incomplete),
        ] {
            environment["AWS_CREDENTIAL_EXPIRATION"] = text
            let error = await #expect(throws: CredentialsError.self) {
                try await Self.load(home, .init(), environment)
            }
            #expect(error?.reason == reason)
            #expect(error?.message.contains("ENVSECRET") == false)
        }
    }

    @Test("of a kind that is not built in are named plainly")
    func unsupported() async throws {
        let home = try Home(config: "[profile p]\nlogin_session = something")
        let error = await #expect(throws: CredentialsError.self) {
            try await Self.load(home, .init(profile: "p"))
        }
        #expect(error?.reason == .unsupported)
        #expect(error?.message.contains("login_session") == true)
        #expect(error?.message.contains("aws configure export-credentials --profile p") == true)
    }

    @Test("cut in half are an error without the other half in it")
    func incomplete() async throws {
        let home = try Home(credentials: "[default]\naws_secret_access_key = HALFSECRET\n")
        for environment in [[:], ["AWS_SECRET_ACCESS_KEY": "HALFSECRET"], ["AWS_ACCESS_KEY_ID": "HALFKEY"]] {
            let error = await #expect(throws: CredentialsError.self) {
                try await Self.load(home, .init(), environment)
            }
            #expect(error?.reason == .incomplete)
            #expect(error?.message.contains("HALFSECRET") == false)
        }
    }

    @Test("never show their secret or token, however they are printed")
    func redacted() {
        let credentials = AWSCredentials(
            accessKeyID: "AKID", secretAccessKey: "S3CRET", sessionToken: "T0KEN")
        var dumped = ""
        dump([credentials], to: &dumped)
        dump(StaticCredentials(credentials), to: &dumped)
        let texts = [
            "\(credentials)", String(describing: credentials), String(reflecting: credentials), dumped,
            "\([credentials])", "\(Optional(credentials) as Any)", String(reflecting: ["k": credentials]),
            "\(StaticCredentials(credentials))", String(reflecting: StaticCredentials(credentials)),
        ]
        for text in texts {
            #expect(text.contains("AKID"))
            #expect(!text.contains("S3CRET"))
            #expect(!text.contains("T0KEN"))
        }
    }

    @Test("in the settings are not shown when the settings are printed or dumped")
    func settingsRedacted() async throws {
        let home = try Home(credentials: Self.files)
        let settings = try home.settings(.init(region: "us-east-1"), Self.environment)
        _ = try await settings.credentials.credentials()
        var text = "\(settings) \(String(reflecting: settings))"
        dump(settings, to: &text)
        #expect(text.contains("us-east-1"))
        let configuration = try AWSConfiguration(
            profile: nil, environment: Self.environment.merging(["HOME": home.path]) { own, _ in own })
        dump(configuration, to: &text)
        dump(try AWSConfigFile(parsing: Self.files, path: "f"), to: &text)
        text += "\(configuration) \(String(reflecting: configuration.credentialsSection as Any))"
        #expect(!text.contains("ENVSECRET"))
        #expect(!text.contains("FILESECRET"))
    }
}
