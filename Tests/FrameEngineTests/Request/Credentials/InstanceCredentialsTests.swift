import Foundation
import Testing

@testable import FrameEngine

@Suite("Credentials of an EC2 instance")
struct InstanceCredentialsTests {
    typealias Home = AWSSettingsTests.Home
    typealias Reply = LoopbackServer.Reply

    private static let rolePath = "/latest/meta-data/iam/security-credentials/"

    /// A metadata service that insists on version 2.
    private static func service(
        role: Reply = .text("my role\n"), keys: Reply = CredentialsDouble.keys("INSTANCE"),
        token: Reply = .text("T0KEN==")
    ) throws -> CredentialsDouble {
        try CredentialsDouble { incoming in
            if incoming.path == "/latest/api/token" {
                let hasLifetime = incoming.field("x-aws-ec2-metadata-token-ttl-seconds") != nil
                return incoming.method == "PUT" && hasLifetime ? token : .text("", status: 400)
            }
            guard incoming.method == "GET", incoming.field("x-aws-ec2-metadata-token") == "T0KEN==" else {
                return .text("", status: 401)
            }
            return incoming.path == rolePath
                ? role : incoming.path == rolePath + "my%20role" ? keys : .text("", status: 404)
        }
    }

    private static func environment(_ double: CredentialsDouble) -> [String: String] {
        ["AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": double.url + "/"]
    }

    @Test("come from the metadata service, a token first")
    func found() async throws {
        let double = try Self.service()
        let found = try await CredentialsDouble.load(try Home(), Self.environment(double))
        #expect(found.accessKeyID == "INSTANCE")
        #expect(found.sessionToken == "T-INSTANCE")
        #expect(
            double.requests.map(\.path)
                == ["/latest/api/token", Self.rolePath, Self.rolePath + "my%20role"])
    }

    @Test("may be looked for at an endpoint that the profile names")
    func profileEndpoint() async throws {
        let double = try Self.service()
        let home = try Home(config: "[default]\nec2_metadata_service_endpoint = \(double.url)\n")
        let found = try await CredentialsDouble.load(home, ["AWS_EC2_METADATA_DISABLED": "false"])
        #expect(found.accessKeyID == "INSTANCE")
    }

    @Test("are not looked for where that is switched off")
    func disabled() async throws {
        let double = try Self.service()
        var environment = Self.environment(double)
        environment["AWS_EC2_METADATA_DISABLED"] = "TRUE"
        let error = await CredentialsDouble.failure(try Home(), environment)
        #expect(error?.reason == CredentialsError.Reason.none)
        #expect(error?.message.contains("EC2 instance metadata: AWS_EC2_METADATA_DISABLED is true") == true)
        #expect(double.requests.isEmpty)
    }

    @Test("that are not to be had are no error of their own: the chain says why there were none")
    func nothing() async throws {
        let doubles: [(CredentialsDouble, String)] = [
            (try Self.service(role: .text("", status: 404)), "the instance has no role"),
            (try Self.service(role: .text("\n")), "the instance has no role"),
            (
                try Self.service(keys: .text(#"{"Code":"AssumeRoleUnauthorizedAccess","Message":"S3CRET"}"#)),
                "cannot be used"
            ),
            (try Self.service(keys: .text("S3CRET")), "not the JSON"),
            (try Self.service(keys: .text("", status: 500)), "answered HTTP 500"),
            (try Self.service(token: .text("S3CRET", status: 403)), "answered HTTP 403"),
            (try Self.service(token: .text("a b\r\nc")), "no IMDSv2 token"),
        ]
        for (double, words) in doubles {
            let error = await CredentialsDouble.failure(try Home(), Self.environment(double))
            #expect(error?.reason == CredentialsError.Reason.none)
            #expect(error?.message.contains("EC2 instance metadata: ") == true)
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "no error")")
            #expect(error?.message.contains("S3CRET") == false)
        }
    }

    @Test("are waited for a second, then there are none")
    func silent() async throws {
        let double = try CredentialsDouble { _ in nil }
        let error = await CredentialsDouble.failure(try Home(), Self.environment(double))
        #expect(
            error?.message.contains("does not answer within 1 s") == true, "\(error?.message ?? "no error")")
        #expect(double.requests.count == 1, "one attempt")
        var environment = Self.environment(double)
        environment["AWS_METADATA_SERVICE_NUM_ATTEMPTS"] = "0"
        #expect(await CredentialsDouble.failure(try Home(), environment)?.reason == .incomplete)
    }

    @Test("are asked for as often as the environment says")
    func attempts() async throws {
        let double = try Self.service(token: .text("", status: 503))
        var environment = Self.environment(double)
        environment["AWS_METADATA_SERVICE_NUM_ATTEMPTS"] = "2"
        _ = await CredentialsDouble.failure(try Home(), environment)
        #expect(double.requests.count == 2)
    }

    @Test("that have expired are used a while yet: the service behind may be ill")
    func expired() async throws {
        let double = try Self.service(keys: CredentialsDouble.keys("OLD", expires: "2001-01-01T00:00:00Z"))
        let found = try await CredentialsDouble.load(try Home(), Self.environment(double))
        #expect(found.accessKeyID == "OLD")
        #expect(try #require(found.expiration) > Date())
    }

    @Test("are looked for over IPv6 where that is said, and nowhere where it is neither")
    func mode() async throws {
        let transport = ScriptedTransport([])
        for (mode, url) in [
            ("IPv6", "http://[fd00:ec2::254]/latest/api/token"),
            ("ipv4", "http://169.254.169.254/latest/api/token"),
        ] {
            let environment = ["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": mode, "HOME": "/nonexistent"]
            let source = InstanceCredentials(
                configuration: try AWSConfiguration(profile: nil, environment: environment),
                transports: CredentialsTransports(transport), now: { Date() })
            _ = try await source.load()
            #expect(transport.requests.last?.url == url)
        }
        let odd = ["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "ipv5", "AWS_EC2_METADATA_DISABLED": "false"]
        #expect(await CredentialsDouble.failure(try Home(), odd)?.reason == .incomplete)
        let wrong = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "nonsense", "AWS_EC2_METADATA_DISABLED": "false"]
        #expect(await CredentialsDouble.failure(try Home(), wrong)?.reason == .incomplete)
    }
}
