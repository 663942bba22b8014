import Crypto
import Foundation
import Testing

@testable import FrameEngine

@Suite("SigV4 against what botocore signs")
struct SigV4KnownAnswerTests {
    struct Table: Decodable {
        let cases: [KnownAnswer]
    }

    struct KnownAnswer: Decodable, CustomTestStringConvertible {
        let name: String
        let service: String
        let region: String
        let pathStyle: String
        let epochSeconds: Int
        let timestamp: String
        let accessKeyID: String
        let secretAccessKey: String
        let sessionToken: String?
        let method: String
        let url: String
        let fields: [[String]]
        let body: String
        let canonicalRequest: String
        let stringToSign: String
        let authorization: String
        /// Of requests about one object.
        let bucket: String?
        let key: String?
        let copySource: String?

        var testDescription: String { name }
        var style: SigV4.PathStyle { pathStyle == "asSent" ? .asSent : .encodedTwice }
        var request: HTTPRequest {
            HTTPRequest(
                method: method, url: url, fields: fields.map { HTTPField($0[0], $0[1]) },
                body: Array(body.utf8))
        }
        var credentials: AWSCredentials {
            AWSCredentials(
                accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: sessionToken)
        }
        var date: Date { Date(timeIntervalSince1970: TimeInterval(epochSeconds)) }
    }

    static func table(_ name: String) throws -> [KnownAnswer] {
        let tests = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: tests.appendingPathComponent("Fixtures/sigv4/\(name).json"))
        return try JSONDecoder().decode(Table.self, from: data).cases
    }

    @Test(
        "signs every known request exactly as botocore does",
        arguments: [
            ("operations", 88), ("queries", 18), ("paths", 20), ("headers", 16), ("s3", 41),
            ("services", 177),
        ])
    func signsAsBotocore(file: String, count: Int) throws {
        let cases = try Self.table(file)
        #expect(cases.count == count)
        for known in cases {
            var request = known.request
            let signer = SigV4Signer(region: known.region, service: known.service, pathStyle: known.style)
            signer.sign(&request, with: known.credentials, at: known.date)
            let value = request.fields.first { $0.name == "Authorization" }?.value
            #expect(value == known.authorization, "\(file): \(known.name)")
            #expect(request.fields.first { $0.name == "X-Amz-Date" }?.value == known.timestamp)
            #expect(
                request.fields.first { $0.name == "X-Amz-Security-Token" }?.value == known.sessionToken)
        }
    }

    @Test(
        "builds the same canonical request and string to sign, from the server's side too",
        arguments: ["operations", "queries", "paths", "headers", "s3", "services"])
    func canonicalRequests(file: String) throws {
        for known in try Self.table(file) {
            let authorization = try #require(SigV4.Authorization(parsing: known.authorization))
            var request = known.request
            SigV4Signer(region: known.region, service: known.service, pathStyle: known.style)
                .sign(&request, with: known.credentials, at: known.date)
            let url = try #require(URLParts(known.url))
            let fields = request.fields + [HTTPField("Host", url.hostHeader)]
            let hash = SigV4.payloadHash(of: request.body)
            let canonical = SigV4.canonicalRequest(
                method: known.method, path: url.path, query: url.query ?? "", fields: fields,
                signedHeaders: authorization.signedHeaders, payloadHash: hash, pathStyle: known.style)
            #expect(canonical == known.canonicalRequest, "\(file): \(known.name)")
            #expect(
                SigV4.stringToSign(
                    timestamp: known.timestamp, scope: authorization.scope, canonicalRequest: canonical)
                    == known.stringToSign)
            let isValid = { (secret: String, hash: String) in
                authorization.isValid(
                    secretAccessKey: secret, timestamp: known.timestamp, method: known.method, path: url.path,
                    query: url.query ?? "", fields: fields, payloadHash: hash, pathStyle: known.style)
            }
            #expect(isValid(known.secretAccessKey, hash))
            #expect(!isValid(known.secretAccessKey + "x", hash))
            #expect(!isValid(known.secretAccessKey, SigV4.payloadHash(of: Array("other".utf8))))
        }
    }

    @Test("writes keys of objects into paths as botocore does, however awkward they are")
    func objectKeys() throws {
        let rows = try Self.table("services").filter { $0.key != nil }
        #expect(rows.count == 3 * 48)
        for row in rows {
            let bucket = try #require(row.bucket)
            let key = try #require(row.key)
            let path = "/" + PercentEncoding.encode(key, keepsSlash: true)
            let isVirtual = row.url.hasPrefix("https://my-bucket.")
            let call = AWSCall(
                "X", path: isVirtual ? path : "/\(bucket)\(path)", hostPrefix: isVirtual ? "\(bucket)." : "")
            let endpoint =
                row.url.hasPrefix("http://")
                ? try AWSEndpoint(custom: "http://127.0.0.1:9000", region: "eu-west-1")
                : try AWSEndpoint(of: .s3, region: "eu-west-1")
            let client = AWSClient(
                .s3, endpoint: endpoint, credentials: UnsignedRequests(), transport: ScriptedTransport([]))
            #expect(client.request(call).url == row.url, "\(row.name)")
            if let source = row.copySource { #expect(source == "from-bucket\(path)", "\(row.name)") }
        }
    }
}
