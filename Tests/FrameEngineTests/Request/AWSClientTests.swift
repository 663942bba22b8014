import Foundation
import Testing

@testable import FrameEngine

@Suite("Calls to any service")
struct AWSClientTests {
    static let secret = "wJalrXUtnFEMI-VERY-SECRET"
    static let key = StaticCredentials(
        AWSCredentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: secret, sessionToken: "TOKEN-SECRET"))

    static func client(
        _ service: AWSService, _ transport: ScriptedTransport, custom: String? = nil,
        credentials: any CredentialsProvider = key, attempts: Int = 3
    ) throws -> AWSClient {
        let endpoint =
            if let custom { try AWSEndpoint(custom: custom, region: "us-east-1") } else {
                try AWSEndpoint(of: service, region: "eu-west-1")
            }
        return AWSClient(
            service, endpoint: endpoint, credentials: credentials, transport: transport,
            retry: RetryPolicy(attempts: attempts, base: .zero, retryAfterCap: .zero),
            now: { Date(timeIntervalSince1970: 1_440_938_160) })
    }

    static func xml(_ text: String, status: Int = 200, _ fields: [HTTPField] = []) -> ScriptedTransport.Answer
    {
        .status(status, fields + [HTTPField("Content-Type", "application/xml")], Array(text.utf8))
    }

    struct Answer: Decodable, Equatable {
        var a: Int
    }

    @Test("go to path and query, encoded, behind the host prefix where the endpoint is the service's own")
    func requests() async throws {
        let call = AWSCall(
            "X", method: "PUT", path: "/a%20b", query: [("versions", nil), ("prefix", "a b+/é"), ("p", "")],
            hostPrefix: "bucket.")
        let transport = ScriptedTransport([.json("{}"), .json("{}")])
        _ = try await Self.client(.s3, transport).send(call)
        _ = try await Self.client(.s3, transport, custom: "http://127.0.0.1:9/base/").send(call)
        let target = "/a%20b?versions&prefix=a%20b%2B%2F%C3%A9&p="
        #expect(
            transport.requests.map(\.url) == [
                "https://bucket.s3.eu-west-1.amazonaws.com\(target)", "http://127.0.0.1:9/base\(target)",
            ])
        #expect(transport.requests.allSatisfy { $0.method == "PUT" })
        #expect(transport.bodyLimits == [16 << 20, 16 << 20])
    }

    private struct Unreadable: Error {}

    /// Reads what is not "bad…".
    private static func read(_ response: HTTPResponse) throws -> String {
        let text = String(decoding: response.body.bytes, as: UTF8.self)
        guard !text.hasPrefix("bad") else { throw Unreadable() }
        return text
    }

    @Test("whose answer cannot be read are made again, until it can be read")
    func readsAgain() async throws {
        let transport = ScriptedTransport([.json("bad 1"), .json("bad 2"), .json("good")])
        let client = try Self.client(.healthImaging, transport)
        #expect(try await client.read(AWSCall("X"), Self.read) == "good")
        #expect(transport.requests.count == 3)
    }

    @Test("are not made again when the same unreadable bytes came twice, or the attempts are used up")
    func readsNoMore() async throws {
        let same = ScriptedTransport([.json("bad 1"), .json("bad 2"), .json("bad 1"), .json("good")])
        await #expect(throws: Unreadable.self) {
            try await Self.client(.healthImaging, same, attempts: 9).read(AWSCall("X"), Self.read)
        }
        #expect(same.requests.count == 3)
        let other = ScriptedTransport([.json("bad 1"), .json("bad 2"), .json("good")])
        await #expect(throws: Unreadable.self) {
            try await Self.client(.healthImaging, other, attempts: 2).read(AWSCall("X"), Self.read)
        }
        #expect(other.requests.count == 2)
    }

    @Test(
        "are signed for service and region; S3's with the body's hash beside them",
        arguments: [AWSService.s3, .sts, .cloudFormation, .healthImaging])
    func signs(service: AWSService) async throws {
        let transport = ScriptedTransport([.json("{}")])
        _ = try await Self.client(service, transport).send(AWSCall("X", path: "/a%2Bb", body: [1, 2]))
        let request = try #require(transport.requests.first)
        let header = try #require(request.fields.first { $0.name == "Authorization" }?.value)
        let authorization = try #require(SigV4.Authorization(parsing: header))
        #expect(authorization.scope.description == "20150830/eu-west-1/\(service.signingName)/aws4_request")
        let url = try #require(URLParts(request.url))
        #expect(
            authorization.isValid(
                secretAccessKey: Self.secret, timestamp: "20150830T123600Z", method: "POST", path: "/a%2Bb",
                query: "", fields: request.fields + [HTTPField("Host", url.hostHeader)],
                payloadHash: SigV4.payloadHash(of: [1, 2]), pathStyle: service.pathStyle))
        let hash = request.fields.first { $0.name.lowercased() == "x-amz-content-sha256" }?.value
        #expect(hash == (service == .s3 ? SigV4.payloadHash(of: [1, 2]) : nil))
    }

    @Test("of a query service are a form with Action, Version and the parameters, answered in XML")
    func query() async throws {
        let transport = ScriptedTransport([
            Self.xml(
                "<DescribeStacksResponse xmlns='urn:x'><DescribeStacksResult><A>1</A></DescribeStacksResult></DescribeStacksResponse>"
            )
        ])
        let root = try await Self.client(.cloudFormation, transport).query(
            "DescribeStacks", [("StackName", "a b&c=é+"), ("Capabilities.member.1", "CAPABILITY_IAM")])
        #expect(root.name == "DescribeStacksResponse")
        #expect(root["DescribeStacksResult"]?.text("A") == "1")
        let request = try #require(transport.requests.first)
        #expect(request.method == "POST")
        #expect(request.url == "https://cloudformation.eu-west-1.amazonaws.com/")
        #expect(
            String(decoding: request.body, as: UTF8.self)
                == "Action=DescribeStacks&Version=2010-05-15&StackName=a%20b%26c%3D%C3%A9%2B"
                + "&Capabilities.member.1=CAPABILITY_IAM")
        #expect(
            request.fields.contains(
                HTTPField("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")))
    }

    @Test("read JSON, gzipped or not, and say so when it is something else")
    func json() async throws {
        let gzip = Array(#"{"a":2}"#.utf8).withUnsafeBytes { Gzip.deflate($0) }
        let transport = ScriptedTransport([
            .json(#"{"a":1}"#), .status(200, [], gzip), .json("<html>"), .json(#"{"b":1}"#),
            .status(200, [], Array(gzip.dropLast(3))),
        ])
        let client = try Self.client(.healthImaging, transport)
        #expect(try await client.json(AWSCall("X"), as: Answer.self) == Answer(a: 1))
        #expect(try await client.json(AWSCall("X"), as: Answer.self) == Answer(a: 2))
        for _ in 0..<3 {
            let error = await #expect(throws: ServiceError.self) {
                try await client.json(AWSCall("X"), as: Answer.self)
            }
            #expect(error?.code == "UnreadableResponse")
        }
    }

    @Test("write JSON bodies with dates as seconds, and refuse a date that is none")
    func jsonBodies() throws {
        struct Body: Encodable {
            var at: Date
            var name: String?
            var uri = "s3://a/b"
        }
        let call = try AWSCall("X").with(json: Body(at: Date(timeIntervalSince1970: 1.5)))
        #expect(String(decoding: call.body, as: UTF8.self) == #"{"at":1.5,"uri":"s3://a/b"}"#)
        #expect(call.fields == [HTTPField("Content-Type", "application/json")])
        let error = #expect(throws: ServiceError.self) {
            try AWSCall("X").with(json: Body(at: Date(timeIntervalSince1970: .nan)))
        }
        #expect(error?.code == "UnwritableRequest")
    }

    @Test("tell S3's and the query services' errors by code and message, without what must stay secret")
    func xmlErrors() async throws {
        let transport = ScriptedTransport([
            Self.xml(
                "<?xml version=\"1.0\"?><Error><Code>NoSuchBucket</Code><Message>none called &lt;x&gt; TOKEN-SECRET CALLSECRET</Message></Error>",
                status: 404),
            Self.xml(
                "<ErrorResponse xmlns='https://sts/'><Error><Type>Sender</Type><Code>AlreadyExistsException</Code><Message>Stack [x] already exists</Message></Error><RequestId>r</RequestId></ErrorResponse>",
                status: 400),
            Self.xml("<html><body>TOKEN-SECRET</body></html>", status: 400),
            .status(404, [], []),
            Self.xml(
                "<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>", status: 301,
                [HTTPField("x-amz-bucket-region", "eu-north-1")]),
            Self.xml(
                "<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message><Region>eu-west-3</Region></Error>",
                status: 400),
            Self.xml(
                "<Error><Code>AuthorizationHeaderMalformed</Code><Region>no region/</Region></Error>",
                status: 400),
        ])
        let client = try Self.client(.s3, transport)
        func failure() async -> ServiceError? {
            var call = AWSCall("HeadObject")
            call.secrets = ["CALLSECRET"]
            return await #expect(throws: ServiceError.self) { try await client.send(call) }
        }
        let missing = await failure()
        #expect(missing?.code == "NoSuchBucket")
        #expect(missing?.kind == .notFound)
        #expect(missing?.message == "HeadObject: HTTP 404 NoSuchBucket: none called <x> *** ***")
        let exists = await failure()
        #expect(exists?.code == "AlreadyExistsException")
        #expect(exists?.kind == .conflict)
        #expect(exists?.message.contains("Stack [x] already exists") == true)
        let page = await failure()
        #expect(page?.code == "http-400")
        #expect(page?.message.contains("TOKEN-SECRET") == false)
        #expect(await failure()?.kind == .notFound)
        let elsewhere = await failure()
        #expect(elsewhere?.bucketRegion == "eu-north-1")
        #expect(elsewhere?.message.hasSuffix("elsewhere (the bucket is in eu-north-1)") == true)
        #expect(await failure()?.bucketRegion == "eu-west-3")
        #expect(await failure()?.bucketRegion == nil)
    }

    @Test(
        "are tried again after SlowDown, a timeout and a passing failure told in XML",
        arguments: [
            (503, "SlowDown"), (400, "RequestTimeout"), (400, "Throttling"), (400, "IDPCommunicationError"),
        ])
    func retries(status: Int, code: String) async throws {
        let busy = Self.xml("<Error><Code>\(code)</Code></Error>", status: status)
        let transport = ScriptedTransport([busy, busy, Self.xml("<A/>")])
        #expect(try await Self.client(.s3, transport).xml(AWSCall("X")).name == "A")
        #expect(transport.requests.count == 3)
    }

    @Test("are tried again when S3 says 200 and tells of an error in the body, and fail when it lasts")
    func errorWithinSuccess() async throws {
        let failed = Self.xml("<Error><Code>InternalError</Code><Message>again</Message></Error>")
        let once = ScriptedTransport([failed, Self.xml("<CopyObjectResult/>")])
        #expect(try await Self.client(.s3, once).xml(AWSCall("CopyObject")).name == "CopyObjectResult")
        let lasting = ScriptedTransport([failed, failed, failed, failed])
        let client = try Self.client(.s3, lasting)
        let error = await #expect(throws: ServiceError.self) { try await client.xml(AWSCall("CopyObject")) }
        #expect(error?.code == "InternalError")
        #expect(error?.kind == .server)
        #expect(lasting.requests.count == 3)
    }

    @Test("are signed anew with other credentials after the service said that they have expired")
    func renews() async throws {
        struct Renewing: CredentialsProvider {
            func credentials() async -> AWSCredentials? {
                AWSCredentials(accessKeyID: "OLD", secretAccessKey: "s")
            }
            func credentials(insteadOf refused: AWSCredentials) async -> AWSCredentials? {
                refused.accessKeyID == "OLD" ? AWSCredentials(accessKeyID: "NEW", secretAccessKey: "s") : nil
            }
        }
        let expired = Self.xml("<Error><Code>ExpiredToken</Code></Error>", status: 400)
        let transport = ScriptedTransport([expired, Self.xml("<A/>")])
        _ = try await Self.client(.s3, transport, credentials: Renewing()).xml(AWSCall("X"))
        #expect(transport.requests.count == 2)
        let stale = ScriptedTransport([expired, Self.xml("<A/>")])
        let client = try Self.client(.s3, stale)
        let error = await #expect(throws: ServiceError.self) { try await client.xml(AWSCall("X")) }
        #expect(error?.kind == .credentials)
        #expect(stale.requests.count == 1)
    }

    @Test("are not sent where the endpoint has a problem, which every call tells")
    func problem() async throws {
        let transport = ScriptedTransport([])
        let client = AWSClient(
            .s3, endpoint: AWSEndpoint(problem: SettingsError(.noRegion, "none"), region: "us-east-1"),
            credentials: UnsignedRequests(), transport: transport)
        await #expect(throws: SettingsError(.noRegion, "none")) { try await client.send(AWSCall("X")) }
        #expect(transport.requests.isEmpty)
    }
}
