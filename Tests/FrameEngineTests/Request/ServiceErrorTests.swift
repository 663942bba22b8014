import Foundation
import Testing

@testable import FrameEngine

@Suite("Service errors")
struct ServiceErrorTests {
    static func error(_ status: Int, fields: [HTTPField] = [], body: String = "") -> ServiceError {
        HealthImagingClient.error(
            from: ScriptedTransport.response(status, fields: fields, body: Array(body.utf8)),
            operation: "GetImageFrame")
    }

    @Test(
        "takes the code from the header, else code, Code and __type of the body, without suffix and namespace",
        arguments: [
            ("ThrottlingException", #"{"__type":"Other"}"#, "ThrottlingException"),
            ("ConflictException:http://internal.amazon.com/x/", "{}", "ConflictException"),
            ("", #"{"code":"A","Code":"B","__type":"C"}"#, "A"), ("", #"{"Code":"B","__type":"C"}"#, "B"),
            ("", #"{"__type":"com.amazon.coral#ValidationException"}"#, "ValidationException"),
            ("", #"{"__type":"aws#NotHere:http://x"}"#, "NotHere"), ("", "{}", "http-409"),
            ("", "", "http-409"),
            ("", "not json", "http-409"), ("evil\u{1B}[31m", "{}", "http-409"),
        ])
    func code(header: String, body: String, expected: String) {
        let fields = header.isEmpty ? [] : [HTTPField("X-Amzn-ErrorType", header)]
        #expect(Self.error(409, fields: fields, body: body).code == expected)
    }

    @Test(
        "sorts errors into what a caller does about them",
        arguments: [
            (429, "ThrottlingException", .throttling), (429, "", .throttling),
            (400, "ThrottlingException", .throttling),
            (503, "SlowDown", .throttling), (500, "InternalServerException", .server), (503, "", .server),
            (403, "ExpiredTokenException", .credentials), (403, "InvalidSignatureException", .credentials),
            (403, "AccessDeniedException", .credentials), (403, "UnrecognizedClientException", .credentials),
            (400, "ExpiredTokenException", .credentials), (401, "", .credentials), (403, "", .credentials),
            (404, "ResourceNotFoundException", .notFound), (404, "", .notFound),
            (400, "ValidationException", .client), (409, "ConflictException", .conflict),
            (402, "ServiceQuotaExceededException", .client), (302, "", .client),
        ] as [(Int, String, ServiceError.Kind)])
    func kind(status: Int, code: String, kind: ServiceError.Kind) {
        let error = Self.error(status, fields: code.isEmpty ? [] : [HTTPField("x-amzn-errortype", code)])
        #expect(error.kind == kind)
        #expect(error.isRetryable == (kind == .throttling || kind == .server))
        #expect(error.isThrottling == (kind == .throttling))
        #expect(error.stage == .request)
    }

    @Test(
        "an answer that is neither a success nor an error says what to check",
        arguments: [204, 206, 302, 304])
    func strangeAnswers(status: Int) {
        let error = Self.error(status, fields: [])
        #expect(error.message.contains("HTTP \(status)") && error.message.contains("--endpoint-url"))
        #expect(!error.isRetryable)
    }

    @Test(
        "of a client's errors those are worth another try that say so: too slow, another connection, too early",
        arguments: [(400, false), (406, false), (408, true), (413, false), (421, true), (425, true)])
    func retryableClientErrors(status: Int, isRetryable: Bool) {
        #expect(Self.error(status, fields: []).isRetryable == isRetryable)
    }

    @Test(
        "reads how long to wait, in milliseconds, in seconds or until a date",
        arguments: [
            ([HTTPField("x-amz-retry-after", "1500"), HTTPField("Retry-After", "9")], .milliseconds(1500)),
            ([HTTPField("retry-after", " 7 ")], .seconds(7)), ([HTTPField("Retry-After", "-3")], .zero),
            ([HTTPField("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT")], .seconds(37)),
            ([HTTPField("Retry-After", "Sun, 06 Nov 1994 08:00:00 GMT")], .zero),
            ([HTTPField("Retry-After", "soon")], nil), ([], nil),
            ([HTTPField("Retry-After", "Sun, 41 Foo 1994 08:49:37 GMT")], nil),
        ] as [([HTTPField], Duration?)])
    func retryAfter(fields: [HTTPField], expected: Duration?) {
        // 1994-11-06 08:49:00 UTC
        let response = ScriptedTransport.response(429, fields: fields)
        let error = ServiceError(
            decoding: response, operation: "X", now: Date(timeIntervalSince1970: 784_111_740))
        #expect(error.retryAfter == expected)
    }

    @Test("says in one short line what an HTML page is, and quotes none of it")
    func html() {
        let error = Self.error(502, body: "\n<html>\n<h1>Bad Gateway</h1></html>")
        #expect(error.message.contains("HTML"))
        #expect(!error.message.contains("Bad Gateway"))
        #expect(!error.message.contains("\n"))
        #expect(error.code == "http-502")
    }

    @Test("never repeats the canonical request that a signature error quotes, session token and all")
    func signatureErrorsHideTheToken() {
        let quote =
            "The Canonical String for this request should have been 'POST x-amz-security-token:SECRETTOKEN'"
        for separator in ["\\n\\n", " "] {
            let error = Self.error(
                403, fields: [HTTPField("x-amzn-errortype", "InvalidSignatureException")],
                body: #"{"message":"The signature does not match.\#(separator)\#(quote)"}"#)
            #expect(error.message.contains("The signature does not match."))
            #expect(!error.message.contains("SECRETTOKEN"))
            #expect(!error.message.contains("\n"))
        }
    }

    @Test(
        "calls a large body too large to be an error message, not broken JSON, and reads one of just 64 KiB")
    func largeBody() {
        let body = { (count: Int) -> String in
            let frame = #"{"message":"really","x":""}"#
            return frame.dropLast(2) + String(repeating: "x", count: count - frame.utf8.count) + "\"}"
        }
        #expect(Self.error(400, body: body(65_536)).message.hasSuffix("HTTP 400: really"))
        let error = Self.error(400, body: body(65_537))
        #expect(error.message.contains("65537 bytes, too large to be an error message"))
        #expect(!error.message.contains("JSON"))
    }

    @Test("keeps a message to one line of bounded length")
    func longMessage() {
        let error = Self.error(400, body: #"{"Message":"\#(String(repeating: "x", count: 5000))"}"#)
        #expect(error.message.count < 500)
        #expect(error.message.contains("GetImageFrame: HTTP 400"))
    }
}
