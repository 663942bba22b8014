import Foundation
import Testing

@testable import FrameEngine

@Suite("SigV4 pieces")
struct SigV4Tests {
    @Test("formats and reads times as Foundation's calendar does, from 1900 to 2200, leap days included")
    func timestamps() throws {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "yyyyMMdd'T'HHmmss'Z'"
        for seconds in stride(from: -2_208_988_800, to: 7_258_118_400, by: 3_456_789) {
            let date = Date(timeIntervalSince1970: TimeInterval(seconds))
            let stamp = AWSTimestamp(date)
            #expect(stamp.basicFormat == formatter.string(from: date))
            #expect(AWSTimestamp(parsing: stamp.basicFormat) == stamp)
        }
        #expect(AWSTimestamp(epochSeconds: 951_827_696).basicFormat == "20000229T123456Z")
        #expect(AWSTimestamp(epochSeconds: 951_827_696).day == "20000229")
    }

    @Test(
        "refuses what is no timestamp",
        arguments: ["", "2000-02-29T12:34:56Z", "20000229T123456", "20001329T123456Z", "2000022XT123456Z"])
    func badTimestamp(text: String) {
        #expect(AWSTimestamp(parsing: text) == nil)
    }

    static let signature = String(repeating: "0a", count: 32)

    @Test("takes an Authorization header apart, with or without blanks behind the commas")
    func authorization() throws {
        for comma in [", ", ","] {
            let header =
                "AWS4-HMAC-SHA256 Credential=A/20150830/us-east-1/medical-imaging/aws4_request\(comma)"
                + "SignedHeaders=host;x-amz-date\(comma)Signature=\(Self.signature)"
            let authorization = try #require(SigV4.Authorization(parsing: header))
            #expect(authorization.accessKeyID == "A")
            #expect(
                authorization.scope
                    == SigV4.Scope(day: "20150830", region: "us-east-1", service: "medical-imaging"))
            #expect(authorization.signedHeaders == ["host", "x-amz-date"])
            #expect(authorization.signature == Self.signature)
        }
    }

    @Test(
        "refuses an Authorization header of another scheme or with a part missing",
        arguments: [
            "", "Bearer x", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ",
            "AWS4-HMAC-SHA256 Credential=A/d/r/s/aws4_request",
            "AWS4-HMAC-SHA256 Credential=A/r/s/aws4_request, SignedHeaders=host, Signature=\(signature)",
            "AWS4-HMAC-SHA256 Credential=A/d/r/s/aws5_request, SignedHeaders=host, Signature=\(signature)",
            "AWS4-HMAC-SHA256 Credential=A/d/r/s/aws4_request, SignedHeaders=host, Signature=short",
            "AWS4-HMAC-SHA256 Credential=A/d//s/aws4_request, SignedHeaders=host, Signature=\(signature)",
        ])
    func badAuthorization(header: String) {
        #expect(SigV4.Authorization(parsing: header) == nil)
    }

    @Test("compares equal texts as equal and any difference as different")
    func comparison() {
        #expect(SigV4.isEqualInConstantTime("abc", "abc"))
        #expect(!SigV4.isEqualInConstantTime("abc", "abd"))
        #expect(!SigV4.isEqualInConstantTime("abc", "ab"))
        #expect(SigV4.isEqualInConstantTime("", ""))
    }

    @Test("signs anew on another day or with other credentials, and a second time without doubled fields")
    func keyCache() throws {
        let signer = SigV4Signer(region: "us-east-1")
        let first = AWSCredentials(accessKeyID: "A", secretAccessKey: "one", sessionToken: "T")
        let second = AWSCredentials(accessKeyID: "A", secretAccessKey: "two")
        let day = Date(timeIntervalSince1970: 1_440_938_160)
        var signatures: Set<String> = []
        var request = HTTPRequest(method: "GET", url: "https://example.com/a")
        for (credentials, date) in [
            (first, day), (second, day), (second, day + 86_400), (first, day + 86_400),
        ] {
            signer.sign(&request, with: credentials, at: date)
            var fresh = HTTPRequest(method: "GET", url: "https://example.com/a")
            SigV4Signer(region: "us-east-1").sign(&fresh, with: credentials, at: date)
            #expect(request.fields == fresh.fields)
            signatures.insert(try #require(request.fields.last?.value))
        }
        #expect(signatures.count == 4)
    }

    @Test("accepts on the server's side a query in another order or encoding of the same text")
    func equivalentQueries() {
        #expect(SigV4.canonicalQuery("b=2&a=%7e%2f") == SigV4.canonicalQuery("a=~/&b=2"))
        #expect(SigV4.canonicalQuery("a=%zz") == "a=%25zz")
    }
}
