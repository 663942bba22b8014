import Foundation
import Testing

@testable import FrameEngine

@Suite("Credentials of an assumed role")
struct RoleCredentialsTests {
    typealias Home = AWSSettingsTests.Home

    private static let keys = "aws_access_key_id = BASEKEY\naws_secret_access_key = BASESECRET\n"

    /// An STS that gives a key named after the role.
    private static func service() throws -> CredentialsDouble {
        try CredentialsDouble { incoming in
            let form = CredentialsDouble.form(incoming)
            let role = form["RoleArn"]?.split(separator: "/").last.map(String.init) ?? "?"
            return CredentialsDouble.role(form["Action"] ?? "?", "KEY-\(role)")
        }
    }

    private static func signer(_ incoming: LoopbackServer.Incoming) -> String {
        let text = incoming.field("authorization") ?? ""
        return text.split(separator: "Credential=").last?.split(separator: "/").first.map(String.init) ?? ""
    }

    @Test(
        "come from AssumeRole, signed with the source profile's keys, with everything that the profile says")
    func sourceProfile() async throws {
        let double = try Self.service()
        let home = try Home(
            config: """
                [profile role]
                role_arn = arn:aws:iam::111122223333:role/reader
                source_profile = base
                external_id = for +you/only
                role_session_name = me@example
                duration_seconds = 1800
                region = eu-west-2
                """, credentials: "[base]\n\(Self.keys)")
        let found = try await CredentialsDouble.load(
            home, ["AWS_PROFILE": "role", "AWS_ENDPOINT_URL_STS": double.url, "AWS_REGION": "eu-west-1"])
        #expect(found.accessKeyID == "KEY-reader")
        #expect(found.secretAccessKey == "S-KEY-reader")
        #expect(found.sessionToken == "T-KEY-reader")
        #expect(found.expiration == AWSDate.parse("2099-01-01T00:00:00Z"))
        let request = try #require(double.requests.first)
        let form = CredentialsDouble.form(request)
        #expect(form["Action"] == "AssumeRole")
        #expect(form["RoleArn"] == "arn:aws:iam::111122223333:role/reader")
        #expect(form["ExternalId"] == "for +you/only")
        #expect(form["RoleSessionName"] == "me@example")
        #expect(form["DurationSeconds"] == "1800")
        #expect(Self.signer(request) == "BASEKEY")
        #expect(request.field("authorization")?.contains("/eu-west-1/sts/aws4_request") == true)
        #expect(request.field("x-amz-security-token") == nil)
    }

    @Test("may be a chain of roles, each assumed with the one before")
    func chain() async throws {
        let double = try Self.service()
        let home = try Home(
            config: """
                [profile c]
                role_arn = arn:aws:iam::1:role/third
                source_profile = b
                [profile b]
                role_arn = arn:aws:iam::1:role/second
                source_profile = a
                [profile a]
                role_arn = arn:aws:iam::1:role/first
                source_profile = a
                aws_access_key_id = BASEKEY
                aws_secret_access_key = BASESECRET
                """)
        let found = try await CredentialsDouble.load(
            home, ["AWS_PROFILE": "c", "AWS_ENDPOINT_URL_STS": double.url])
        #expect(found.accessKeyID == "KEY-third")
        // A profile's own keys go before its role when another profile sources it, as botocore has it.
        #expect(double.requests.map(Self.signer) == ["BASEKEY", "KEY-second"])
        #expect(double.requests[1].field("x-amz-security-token") == "T-KEY-second")
        let session = try #require(CredentialsDouble.form(double.requests[0])["RoleSessionName"])
        #expect(session.hasPrefix("hi-fetch-"))
    }

    @Test("may come from the keys that the same profile has")
    func ownKeys() async throws {
        let double = try Self.service()
        let home = try Home(
            config: "[default]\nrole_arn = arn:aws:iam::1:role/own\nsource_profile = default\n\(Self.keys)")
        let found = try await CredentialsDouble.load(home, ["AWS_ENDPOINT_URL_STS": double.url])
        #expect(found.accessKeyID == "KEY-own")
        #expect(double.requests.map(Self.signer) == ["BASEKEY"])
    }

    @Test("may be assumed with credentials of the environment, of a container, or of an instance")
    func credentialSource() async throws {
        let double = try CredentialsDouble { incoming in
            switch incoming.path {
            case "/container": CredentialsDouble.keys("CONTAINER")
            case "/latest/api/token": .text("token")
            case "/latest/meta-data/iam/security-credentials/": .text("r")
            case "/latest/meta-data/iam/security-credentials/r": CredentialsDouble.keys("INSTANCE")
            default: CredentialsDouble.role("AssumeRole", "KEY")
            }
        }
        for (kind, signer) in [
            ("Environment", "ENVKEY"), ("EcsContainer", "CONTAINER"), ("Ec2InstanceMetadata", "INSTANCE"),
        ] {
            let home = try Home(
                config: "[profile p]\nrole_arn = arn:aws:iam::1:role/r\ncredential_source = \(kind)\n")
            let found = try await CredentialsDouble.load(
                home,
                [
                    "AWS_ACCESS_KEY_ID": "ENVKEY", "AWS_SECRET_ACCESS_KEY": "ENVSECRET",
                    ContainerCredentials.fullURI: "\(double.url)/container",
                    "AWS_EC2_METADATA_SERVICE_ENDPOINT": double.url, "AWS_EC2_METADATA_DISABLED": "false",
                    "AWS_ENDPOINT_URL_STS": double.url,
                ], .init(profile: "p"))
            #expect(found.accessKeyID == "KEY")
            #expect(double.requests.last.map(Self.signer) == signer)
        }
    }

    @Test("are never asked for at --endpoint-url, which names another service")
    func endpointOption() async throws {
        let double = try Self.service()
        let other = try Self.service()
        let home = try Home(
            config: "[default]\nrole_arn = arn:aws:iam::1:role/own\nsource_profile = default\n\(Self.keys)")
        let found = try await CredentialsDouble.load(
            home, ["AWS_ENDPOINT_URL": double.url], .init(endpointURL: other.url))
        #expect(found.accessKeyID == "KEY-own")
        #expect(other.requests.isEmpty)
    }

    @Test(
        "are not asked for by profiles that say it wrongly: the error names the profile and what is wrong",
        arguments: [
            ("role_arn = R\n", "neither source_profile nor credential_source"),
            (
                "role_arn = R\nsource_profile = base\ncredential_source = Environment\n",
                "both source_profile and"
            ),
            ("role_arn = R\nsource_profile = gone\n", "'gone' is neither in"),
            ("role_arn = R\nsource_profile = empty\n", "'empty' has no aws_access_key_id"),
            ("role_arn = R\nsource_profile = p\n", "circle: p -> p"),
            ("role_arn = R\nsource_profile = x\n", "circle: p -> x -> y -> x"),
            ("role_arn = R\nsource_profile = base\nduration_seconds = soon\n", "duration_seconds"),
            ("role_arn = R\nsource_profile = base\nduration_seconds = 60\n", "duration_seconds"),
            ("role_arn = R\ncredential_source = ec2\n", "credential_source is none of"),
            ("role_arn = R\ncredential_source = EcsContainer\n", "its credential_source EcsContainer has no"),
            ("role_arn = R\nsource_profile = base\nmfa_serial = arn:mfa\n", "has mfa_serial"),
            ("role_arn = R\nsource_profile = mfa\n", "profile 'mfa' has mfa_serial"),
        ])
    func wrongly(profile: String, words: String) async throws {
        let double = try Self.service()
        let home = try Home(
            config: """
                [profile p]
                \(profile)
                [profile base]
                \(Self.keys)
                [profile empty]
                region = us-east-1
                [profile x]
                role_arn = R
                source_profile = y
                [profile y]
                role_arn = R
                source_profile = x
                [profile mfa]
                role_arn = R
                source_profile = base
                mfa_serial = arn:mfa
                """)
        let error = await CredentialsDouble.failure(
            home, ["AWS_ENDPOINT_URL_STS": double.url], .init(profile: "p"))
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "no error")")
        #expect(error?.message.contains("profile '") == true)
        #expect(error?.message.contains("BASESECRET") == false)
        #expect(double.requests.isEmpty)
    }

    @Test("that STS refuses end in its code and message, with no secret of the source in it")
    func refused() async throws {
        let double = try CredentialsDouble { _ in
            CredentialsDouble.refusal(
                "AccessDenied", message: "not authorized, BASESECRET, to perform sts:AssumeRole")
        }
        let home = try Home(
            config: "[default]\nrole_arn = arn:aws:iam::1:role/own\nsource_profile = default\n\(Self.keys)")
        let error = await CredentialsDouble.failure(home, ["AWS_ENDPOINT_URL_STS": double.url])
        #expect(error?.reason == .refused)
        #expect(error?.message.contains("AssumeRole of arn:aws:iam::1:role/own") == true)
        #expect(error?.message.contains("AccessDenied") == true)
        #expect(error?.message.contains("not authorized") == true)
        #expect(error?.message.contains("BASESECRET") == false)
        #expect(error?.message.contains("environment: AWS_ACCESS_KEY_ID is not set") == true)
        #expect(double.requests.count == 1)
    }
}
