import Foundation
import FrameEngine
import Testing

@testable import LocalImaging

@Suite("Signatures at the server")
struct RequestAuthenticatorTests {
    static let now = Date(timeIntervalSince1970: 1_800_000_000)
    static let known = AWSCredentials(accessKeyID: "AKIDKNOWN", secretAccessKey: "the secret")
    static let temporary = AWSCredentials(
        accessKeyID: "ASIATEMP", secretAccessKey: "the other secret", sessionToken: "the token")
    private let authenticator = RequestAuthenticator([known, temporary])

    /// A request as a client signs it and the server receives it.
    private func signed(
        with credentials: AWSCredentials = known, service: String = "medical-imaging", region: String = "r-1",
        at date: Date = now, path: String = "/datastore/d%2Fe/x", query: String = "b=2&a=1&c=%20"
    ) -> APIRequest {
        var request = HTTPRequest(
            method: "POST", url: "http://host.example:8080\(path)?\(query)",
            fields: [HTTPField("content-type", "application/json")], body: Array(#"{"a":1}"#.utf8))
        SigV4Signer(region: region, service: service).sign(&request, with: credentials, at: date)
        return APIRequest(
            method: "POST", target: "\(path)?\(query)",
            fields: request.fields + [HTTPField("host", "host.example:8080")], body: request.body)
    }

    /// The code that a request is refused with; nil where it is accepted.
    private func refusal(_ request: APIRequest, at date: Date = now) -> String? {
        do throws(APIError) {
            try authenticator.verify(request, at: date)
            return nil
        } catch {
            #expect(error.status == (error.code == "IncompleteSignatureException" ? 400 : 403))
            for secret in ["the secret", "the other secret", "the token"] {
                #expect(!error.message.contains(secret))
            }
            return error.code
        }
    }

    private func changed(_ request: APIRequest, _ change: (inout APIRequest) -> Void) -> APIRequest {
        var request = request
        change(&request)
        return request
    }

    @Test("a request signed by a known key is accepted, in any region and by temporary credentials too")
    func accepted() {
        #expect(refusal(signed()) == nil)
        #expect(refusal(signed(region: "eu-west-1")) == nil)
        #expect(refusal(signed(with: Self.temporary)) == nil)
        #expect(refusal(signed(at: Self.now - 899)) == nil)
        #expect(refusal(signed(at: Self.now + 899)) == nil)
    }

    @Test("whatever is changed after signing makes the signature wrong")
    func tampered() {
        let changes: [(inout APIRequest) -> Void] = [
            { $0.method = "GET" }, { $0.path += "x" }, { $0.query += "&d=1" }, { $0.body.append(0x20) },
            { request in
                for index in request.fields.indices where request.fields[index].name == "host" {
                    request.fields[index].value = "other.example"
                }
            },
            { request in
                for index in request.fields.indices where request.fields[index].name == "content-type" {
                    request.fields[index].value = "text/plain"
                }
            },
        ]
        for change in changes {
            #expect(refusal(changed(signed(), change)) == "InvalidSignatureException")
        }
    }

    @Test("a wrong secret, an unknown key, no signature and a malformed one are told apart")
    func refusedKeys() {
        let wrong = AWSCredentials(accessKeyID: "AKIDKNOWN", secretAccessKey: "another")
        #expect(refusal(signed(with: wrong)) == "InvalidSignatureException")
        let unknown = AWSCredentials(accessKeyID: "AKIDOTHER", secretAccessKey: "the secret")
        #expect(refusal(signed(with: unknown)) == "UnrecognizedClientException")
        let unsigned = changed(signed()) { $0.fields.removeAll { $0.name == "Authorization" } }
        #expect(refusal(unsigned) == "MissingAuthenticationTokenException")
        let malformed = changed(unsigned) { $0.fields.append(HTTPField("authorization", "Basic abc")) }
        #expect(refusal(malformed) == "IncompleteSignatureException")
    }

    @Test("a session token must be there, signed and right, and must not be there for a key without one")
    func tokens() {
        let missing = AWSCredentials(accessKeyID: "ASIATEMP", secretAccessKey: "the other secret")
        #expect(refusal(signed(with: missing)) == "UnrecognizedClientException")
        let other = AWSCredentials(
            accessKeyID: "ASIATEMP", secretAccessKey: "the other secret", sessionToken: "not the token")
        #expect(refusal(signed(with: other)) == "UnrecognizedClientException")
        let stray = AWSCredentials(
            accessKeyID: "AKIDKNOWN", secretAccessKey: "the secret", sessionToken: "stray")
        #expect(refusal(signed(with: stray)) == "UnrecognizedClientException")
        let unsignedToken = changed(signed(with: missing)) {
            $0.fields.append(HTTPField("x-amz-security-token", "the token"))
        }
        #expect(refusal(unsignedToken) == "UnrecognizedClientException")
    }

    @Test("a request older or newer than fifteen minutes, or of another service, is refused")
    func scope() {
        #expect(refusal(signed(at: Self.now - 901)) == "InvalidSignatureException")
        #expect(refusal(signed(at: Self.now + 901)) == "InvalidSignatureException")
        #expect(refusal(signed(service: "s3")) == "InvalidSignatureException")
        let undated = changed(signed()) { $0.fields.removeAll { $0.name.lowercased() == "x-amz-date" } }
        #expect(refusal(undated) == "IncompleteSignatureException")
    }

    @Test("a payload hash that is sent must be the body's")
    func payloadHash() {
        let wrong = changed(signed()) {
            $0.fields.append(HTTPField("x-amz-content-sha256", SigV4.emptyPayloadHash))
        }
        #expect(refusal(wrong) == "InvalidSignatureException")
        let right = changed(signed()) {
            $0.fields.append(HTTPField("x-amz-content-sha256", SigV4.payloadHash(of: $0.body)))
        }
        #expect(refusal(right) == nil)
    }
}
