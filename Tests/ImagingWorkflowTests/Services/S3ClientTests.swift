import Testing

@testable import FrameEngine
@testable import ImagingWorkflow

@Suite struct S3ClientTests {
    private typealias Answer = ScriptedService.Answer

    @Test(
        "A key is percent-encoded byte by byte, slashes kept, dot segments and double slashes left alone",
        arguments: [
            ("plain/file.dcm", "plain/file.dcm"), ("a b+c%d", "a%20b%2Bc%25d"),
            ("größe/日本", "gr%C3%B6%C3%9Fe/%E6%97%A5%E6%9C%AC"),
            ("a//b/../c/", "a//b/../c/"), ("q?x=1&y#z", "q%3Fx%3D1%26y%23z"), ("~-._", "~-._"),
        ])
    func keys(key: String, path: String) async throws {
        let service = ScriptedService([Answer(fields: [HTTPField("ETag", "\"abc\"")])])
        let etag = try await TestSettings.s3(service).putObject([1, 2], as: key, in: "bucket")
        #expect(etag == "abc")
        let request = try #require(service.requests.first)
        #expect(request.method == "PUT")
        #expect(request.url == "https://bucket.s3.us-east-1.amazonaws.com/\(path)")
        #expect(request.field("x-amz-content-sha256") == SigV4.payloadHash(of: [1, 2] as [UInt8]))
        #expect(request.field("authorization")?.contains("/us-east-1/s3/aws4_request") == true)
    }

    @Test(
        "Buckets stand in the host on AWS where their name is one label, and in the path otherwise",
        arguments: [
            ("my-bucket-1", "https://my-bucket-1.s3.eu-west-1.amazonaws.com/k"),
            ("with.dots", "https://s3.eu-west-1.amazonaws.com/with.dots/k"),
            ("Old_Style", "https://s3.eu-west-1.amazonaws.com/Old_Style/k"),
            ("-hyphen", "https://s3.eu-west-1.amazonaws.com/-hyphen/k"),
        ])
    func addressing(bucket: String, url: String) async throws {
        let service = ScriptedService([Answer(body: "bytes")])
        let bytes = try await TestSettings.s3(service, region: "eu-west-1").getObject("k", in: bucket)
        #expect(String(decoding: bytes.bytes, as: UTF8.self) == "bytes")
        #expect(service.requests.map(\.url) == [url])
    }

    @Test("An endpoint of one's own has the bucket in the path")
    func customEndpoint() async throws {
        let service = ScriptedService([Answer()])
        let client = S3Client(transport: service, settings: try TestSettings.custom())
        _ = try await client.getObject("a/b", in: "bucket")
        #expect(service.requests.map(\.url) == ["http://127.0.0.1:9000/bucket/a/b"])
    }

    @Test("CopyObject names its source percent-encoded and returns the new ETag")
    func copy() async throws {
        let service = ScriptedService([
            .xml("<CopyObjectResult><ETag>&quot;0123&quot;</ETag></CopyObjectResult>")
        ])
        let etag = try await TestSettings.s3(service).copyObject(
            from: ("idc-open-data", "a b/ü+1.dcm"), to: "c", in: "bucket")
        #expect(etag == "0123")
        #expect(service.requests[0].field("x-amz-copy-source") == "/idc-open-data/a%20b/%C3%BC%2B1.dcm")
    }

    @Test("An error inside an answer of status 200 is tried again, and thrown when it stays")
    func copyErrorInSuccess() async throws {
        let failing = ScriptedService([.error("InternalError", status: 200, "try again")])
        let error = try await #require(throws: ServiceError.self) {
            try await TestSettings.s3(failing).copyObject(from: ("a", "k"), to: "k", in: "bucket")
        }
        #expect(error.awsCode == "InternalError")
        #expect(failing.requests.count == 3)

        let recovering = ScriptedService([
            .error("SlowDown", status: 200), .xml("<CopyObjectResult><ETag>e</ETag></CopyObjectResult>"),
        ])
        #expect(
            try await TestSettings.s3(recovering).copyObject(from: ("a", "k"), to: "k", in: "bucket") == "e")
    }

    @Test("A copy's answer that is neither a result nor an error is not taken for a success")
    func copyWithoutResult() async throws {
        for body in ["", "<html></html>", "<CopyObjectResult/>"] {
            let service = ScriptedService([.xml(body)])
            await #expect(throws: ServiceError.self) {
                try await TestSettings.s3(service).copyObject(from: ("a", "k"), to: "k", in: "bucket")
            }
        }
    }

    @Test("The head of an object has its size and ETag; an object that is not there is nil")
    func head() async throws {
        let fields = [HTTPField("content-length", "42"), HTTPField("etag", "\"e\"")]
        let service = ScriptedService([Answer(fields: fields), Answer(status: 404)])
        let client = try TestSettings.s3(service)
        let head = try #require(try await client.headObject("k", in: "bucket"))
        #expect(head.size == 42)
        #expect(head.etag == "e")
        #expect(try await client.headObject("other", in: "bucket") == nil)
        #expect(service.requests.map(\.method) == ["HEAD", "HEAD"])
    }

    @Test("A bucket in another region is called there, and the region is remembered")
    func otherRegion() async throws {
        let service = ScriptedService { request, _ in
            request.url.contains(".us-west-2.")
                ? Answer(body: "there")
                : Answer(status: 301, fields: [HTTPField("x-amz-bucket-region", "us-west-2")])
        }
        let client = try TestSettings.s3(service)
        _ = try await client.getObject("k", in: "far")
        _ = try await client.getObject("l", in: "far")
        #expect(
            service.requests.map(\.url) == [
                "https://far.s3.us-east-1.amazonaws.com/k", "https://far.s3.us-west-2.amazonaws.com/k",
                "https://far.s3.us-west-2.amazonaws.com/l",
            ])
        #expect(service.requests[1].field("authorization")?.contains("/us-west-2/s3/") == true)
    }

    @Test("A second region hint in a row is an error that names the region")
    func regionGoAround() async throws {
        let service = ScriptedService { _, index in
            Answer(
                status: 307,
                fields: [HTTPField("x-amz-bucket-region", index == 0 ? "eu-west-1" : "eu-west-2")])
        }
        let error = try await #require(throws: ServiceError.self) {
            try await TestSettings.s3(service).getObject("k", in: "far")
        }
        #expect(error.message.contains("eu-west-2"))
        #expect(service.requests.count == 2)
    }

    @Test("CreateBucket states the region everywhere but in us-east-1")
    func createBucket() async throws {
        let plain = ScriptedService([Answer()])
        try await TestSettings.s3(plain).createBucket("bucket")
        #expect(plain.requests[0].body.isEmpty)
        #expect(plain.requests[0].method == "PUT")

        let elsewhere = ScriptedService([Answer()])
        try await TestSettings.s3(elsewhere, region: "eu-west-1").createBucket("bucket")
        #expect(elsewhere.requests[0].text.contains("<LocationConstraint>eu-west-1</LocationConstraint>"))

        let taken = ScriptedService([.error("BucketAlreadyExists", status: 409)])
        let error = try await #require(throws: ServiceError.self) {
            try await TestSettings.s3(taken).createBucket("bucket")
        }
        #expect(error.kind == .conflict)
    }
}
