import Foundation
import Testing

@testable import FrameEngine
@testable import ImagingWorkflow

@Suite struct S3ListingTests {
    private static func objects(_ pages: S3Pages<S3Object>) async throws -> [S3Object] {
        var found: [S3Object] = []
        for try await page in pages { found += page }
        return found
    }

    @Test("A listing goes on with the service's token until it is whole, empty pages included")
    func pages() async throws {
        let service = ScriptedService { request, _ in
            switch request.form["continuation-token"] {
            case nil:
                .xml(
                    "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t+/1=</NextContinuationToken>"
                        + "<Contents><Key>p/1</Key><Size>5</Size><ETag>&quot;e1&quot;</ETag></Contents></ListBucketResult>"
                )
            case "t+/1=":
                .xml(
                    "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t2</NextContinuationToken>"
                        + "</ListBucketResult>")
            default:
                .xml(
                    "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>p/2</Key><Size>6</Size>"
                        + "<ETag>e2</ETag></Contents></ListBucketResult>")
            }
        }
        let found = try await Self.objects(TestSettings.s3(service).objects(in: "bucket", prefix: "p/"))
        #expect(
            found == [S3Object(key: "p/1", size: 5, etag: "e1"), S3Object(key: "p/2", size: 6, etag: "e2")])
        #expect(service.requests.count == 3)
        #expect(service.requests.allSatisfy { $0.form["prefix"] == "p/" && $0.form["list-type"] == "2" })
    }

    @Test("Keys that come percent-encoded are decoded, a plus as a space, only where the answer says so")
    func encodedKeys() async throws {
        let entry = "<Contents><Key>a+b%2Bc%25d%0Ae%C3%A9</Key><Size>0</Size></Contents>"
        let encoded = ScriptedService([
            .xml("<ListBucketResult><EncodingType>url</EncodingType>\(entry)</ListBucketResult>")
        ])
        let found = try await Self.objects(TestSettings.s3(encoded).objects(in: "bucket"))
        #expect(found.map(\.key) == ["a b+c%d\neé"])
        #expect(encoded.requests[0].form["encoding-type"] == "url")

        let plain = ScriptedService([.xml("<ListBucketResult>\(entry)</ListBucketResult>")])
        let untouched = try await Self.objects(TestSettings.s3(plain).objects(in: "bucket"))
        #expect(untouched.map(\.key) == ["a+b%2Bc%25d%0Ae%C3%A9"])
    }

    @Test(
        "A listing that is cut short without a token, repeats one, or is none at all is an error, never the end",
        arguments: [
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
                + "</ListBucketResult>",
            "<Other/>", "<ListBucketResult><Contents><Key>k</Key></Contents></ListBucketResult>",
            "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
        ])
    func brokenListing(body: String) async throws {
        let service = ScriptedService([.xml(body)])
        await #expect(throws: ServiceError.self) {
            _ = try await Self.objects(TestSettings.s3(service).objects(in: "bucket"))
        }
    }

    @Test("Versions and delete markers come from all pages, by both markers")
    func versions() async throws {
        let service = ScriptedService { request, _ in
            if request.form["key-marker"] == nil {
                return .xml(
                    "<ListVersionsResult><IsTruncated>true</IsTruncated><EncodingType>url</EncodingType>"
                        + "<NextKeyMarker>a%20b</NextKeyMarker><NextVersionIdMarker>v2</NextVersionIdMarker>"
                        + "<Version><Key>a%20b</Key><VersionId>v1</VersionId></Version>"
                        + "<DeleteMarker><Key>a%20b</Key><VersionId>v2</VersionId></DeleteMarker></ListVersionsResult>"
                )
            }
            #expect(request.form["key-marker"] == "a b")
            #expect(request.form["version-id-marker"] == "v2")
            return .xml(
                "<ListVersionsResult><IsTruncated>false</IsTruncated><Version><Key>c</Key><VersionId>null</VersionId>"
                    + "</Version></ListVersionsResult>")
        }
        var found: [S3ObjectVersion] = []
        for try await page in try TestSettings.s3(service).objectVersions(in: "bucket") { found += page }
        #expect(
            found == [
                S3ObjectVersion(key: "a b", versionID: "v1"),
                S3ObjectVersion(key: "a b", versionID: "v2", isDeleteMarker: true),
                S3ObjectVersion(key: "c", versionID: "null"),
            ])
    }

    @Test("DeleteObjects sends at most 1,000 keys at once, proves its body, and returns what was not deleted")
    func deletion() async throws {
        let service = ScriptedService { request, index in
            #expect(request.field("content-md5") == ContentMD5.base64(of: request.body))
            #expect(request.url.hasSuffix("/?delete"))
            let failure = "<Error><Key>k1500</Key><Code>AccessDenied</Code><Message>no</Message></Error>"
            return .xml("<DeleteResult>\(index == 1 ? failure : "")</DeleteResult>")
        }
        let versions = (0..<2_500).map { S3ObjectVersion(key: "k\($0)", versionID: "null") }
        let failures = try await TestSettings.s3(service).deleteObjects(versions, in: "bucket")
        #expect(failures == [S3DeletionFailure(key: "k1500", code: "AccessDenied", message: "no")])
        #expect(
            service.requests.map { $0.text.components(separatedBy: "<Object>").count - 1 } == [
                1000, 1000, 500,
            ])
    }

    @Test("Keys in a body of XML come back as they were, whatever characters they have")
    func escaping() throws {
        let key = "a<b>&\"c\r\n\t\u{7f}é𝄞"
        let document = "<Key>\(S3Client.escaped(key))</Key>"
        #expect(try XMLNode(parsing: Array(document.utf8)).text == key)
    }

    @Test("MD5 is the known one (RFC 1321)")
    func knownDigest() {
        #expect(
            ContentMD5.hexadecimal(of: Array("message digest".utf8)) == "f96b697d7cb7938d525a2f31aaf161d0")
        #expect(ContentMD5.base64(of: []) == "1B2M2Y8AsgTpgAmY7PhCfg==")
    }
}
