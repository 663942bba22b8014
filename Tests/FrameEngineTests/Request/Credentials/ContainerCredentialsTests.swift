import Foundation
import Testing

@testable import FrameEngine

@Suite("Credentials of a container")
struct ContainerCredentialsTests {
    typealias Home = AWSSettingsTests.Home

    @Test("come from the full URI, with the token of the environment as it is")
    func fullURI() async throws {
        let double = try CredentialsDouble { _ in CredentialsDouble.keys("CONTAINER") }
        let found = try await CredentialsDouble.load(
            try Home(),
            [
                ContainerCredentials.fullURI: "\(double.url)/role?id=1",
                ContainerCredentials.token: "Basic dG9rZW4=",
            ])
        #expect(found.accessKeyID == "CONTAINER")
        #expect(found.secretAccessKey == "S-CONTAINER")
        #expect(found.sessionToken == "T-CONTAINER")
        #expect(found.expiration == AWSDate.parse("2099-01-01T00:00:00Z"))
        let request = try #require(double.requests.first)
        #expect(double.requests.count == 1)
        #expect(request.method == "GET")
        #expect(request.path == "/role?id=1")
        #expect(request.field("Authorization") == "Basic dG9rZW4=")
    }

    @Test("are asked for with the token file's content, read anew each time, before the token variable")
    func tokenFile() async throws {
        let double = try CredentialsDouble { incoming in
            CredentialsDouble.keys(incoming.field("authorization") ?? "none")
        }
        let folder = try TemporaryFolder()
        let path = folder.file("token")
        let environment = [
            ContainerCredentials.fullURI: "\(double.url)/", ContainerCredentials.token: "of-the-variable",
            ContainerCredentials.tokenFile: path,
        ]
        let source = ContainerCredentials(
            environment: environment, transports: CredentialsTransports(try Self.transport()))
        for token in ["first", "second"] {
            try token.write(toFile: path, atomically: true, encoding: .utf8)
            guard case .found(let found) = try await source.load() else {
                Issue.record("nothing found")
                return
            }
            #expect(found.accessKeyID == token)
        }
    }

    @Test(
        "come from 169.254.170.2 with the relative URI, which goes before the full one, and through no proxy")
    func relativeURI() async throws {
        let transport = ScriptedTransport([
            .json(
                #"{"AccessKeyId":"K","SecretAccessKey":"S","Token":"T","Expiration":"2099-01-01T00:00:00Z"}"#)
        ])
        let source = ContainerCredentials(
            environment: [
                ContainerCredentials.relativeURI: "/v2/credentials/u",
                ContainerCredentials.fullURI: "http://localhost/x",
            ],
            transports: CredentialsTransports(
                service: { throw CancellationError() }, metadata: { transport }))
        guard case .found(let found) = try await source.load() else {
            Issue.record("nothing found")
            return
        }
        #expect(found.accessKeyID == "K")
        #expect(transport.requests.map(\.url) == ["http://169.254.170.2/v2/credentials/u"])
    }

    @Test(
        "are never asked for, and no token sent, without TLS outside this machine and AWS's own addresses",
        arguments: [
            "http://example.com/", "http://127.0.0.1.example.com/", "http://169.254.169.254/",
            "http://10.0.0.1/",
            "http://localhost.example/", "http://0x7f000001/", "ftp://localhost/", "localhost",
            "http://user@localhost/",
        ])
    func otherHosts(url: String) async throws {
        let transport = ScriptedTransport([])
        let source = ContainerCredentials(
            environment: [ContainerCredentials.fullURI: url, ContainerCredentials.token: "T0KEN"],
            transports: CredentialsTransports(transport))
        let error = await #expect(throws: CredentialsError.self) { try await source.load() }
        #expect(error?.message.contains(ContainerCredentials.fullURI) == true)
        #expect(error?.message.contains("T0KEN") == false)
        #expect(transport.requests.isEmpty)
    }

    @Test(
        "may come from any host with TLS, and from AWS's own addresses without",
        arguments: [
            "https://example.com/x", "http://169.254.170.2/", "http://169.254.170.23/v1/credentials",
            "http://[fd00:ec2::23]/v1/credentials", "http://[::1]:8080/", "http://127.9.8.7/",
            "http://LOCALHOST:1/",
        ])
    func allowedHosts(url: String) async throws {
        let transport = ScriptedTransport([.json(#"{"AccessKeyId":"K","SecretAccessKey":"S"}"#)])
        let source = ContainerCredentials(
            environment: [ContainerCredentials.fullURI: url], transports: CredentialsTransports(transport))
        guard case .found = try await source.load() else {
            Issue.record("nothing found")
            return
        }
        #expect(transport.requests.count == 1)
    }

    @Test("that the endpoint refuses, or does not give, end in an error with the status and without the body")
    func refused() async throws {
        let answers: [(LoopbackServer.Reply, CredentialsError.Reason, String)] = [
            (
                .text(#"{"code":"AccessDeniedException","message":"S3CRET"}"#, status: 403), .refused,
                "HTTP 403 (AccessDenied"
            ),
            (.text("S3CRET", status: 404), .refused, "HTTP 404"),
            (.text("S3CRET"), .incomplete, "not the JSON"),
            (.text(#"{"AccessKeyId":"K","Token":"S3CRET"}"#), .incomplete, "has no SecretAccessKey"),
            (
                .text(#"{"AccessKeyId":"K","SecretAccessKey":"S3CRET","Expiration":"tomorrow"}"#),
                .incomplete,
                "Expiration"
            ),
            (
                CredentialsDouble.keys("S3CRET", expires: "2001-01-01T00:00:00Z"), .expired,
                "2001-01-01T00:00:00Z"
            ),
        ]
        for (reply, reason, words) in answers {
            let double = try CredentialsDouble { _ in reply }
            let error = await CredentialsDouble.failure(
                try Home(), [ContainerCredentials.fullURI: "\(double.url)/"])
            #expect(error?.reason == reason)
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "no error")")
            #expect(error?.message.contains("container endpoint") == true)
            #expect(error?.message.contains("environment: AWS_ACCESS_KEY_ID is not set") == true)
            #expect(error?.message.contains("S3CRET") == false)
            #expect(double.requests.count == 1)
        }
    }

    @Test("are asked for three times where the endpoint fails, and then an error says so")
    func failing() async throws {
        let double = try CredentialsDouble { _ in .text("", status: 503) }
        let source = ContainerCredentials(
            environment: [ContainerCredentials.fullURI: "\(double.url)/"],
            transports: CredentialsTransports(try Self.transport()), pause: .milliseconds(1))
        let error = await #expect(throws: CredentialsError.self) { try await source.load() }
        #expect(error?.message.contains("HTTP 503") == true)
        #expect(double.requests.count == 3)
        let gone = ContainerCredentials(
            environment: [ContainerCredentials.fullURI: "http://127.0.0.1:\(try LoopbackServer.freePort())/"],
            transports: CredentialsTransports(try Self.transport()), pause: .milliseconds(1))
        let unreachable = await #expect(throws: CredentialsError.self) { try await gone.load() }
        #expect(unreachable?.reason == .unreachable)
    }

    @Test("are not asked for with a token that no header may hold, or whose file is missing")
    func badTokens() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("token")
        try "T0KEN\r\nX-Evil: 1".write(toFile: path, atomically: true, encoding: .utf8)
        let transport = ScriptedTransport([])
        for environment in [
            [ContainerCredentials.token: "T0KEN\nX"], [ContainerCredentials.tokenFile: path],
            [ContainerCredentials.tokenFile: folder.file("none")],
            [ContainerCredentials.tokenFile: folder.path],
        ] {
            let source = ContainerCredentials(
                environment: environment.merging([ContainerCredentials.fullURI: "http://localhost/"]) {
                    a, _ in a
                },
                transports: CredentialsTransports(transport))
            let error = await #expect(throws: CredentialsError.self) { try await source.load() }
            #expect(error?.reason == .incomplete)
            #expect(error?.message.contains("T0KEN") == false)
        }
        #expect(transport.requests.isEmpty)
    }

    static func transport() throws -> CurlTransport {
        try CurlTransport(configuration: TransportConfiguration(), pool: BufferPool())
    }
}
