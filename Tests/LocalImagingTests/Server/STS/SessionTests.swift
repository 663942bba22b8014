import Foundation
import FrameEngine
import Testing

@testable import LocalImaging

@Suite("Temporary credentials")
struct SessionTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private static let role = "arn:aws:iam::123456789012:role/team/importer"
    private let issuer = SessionIssuer(key: [UInt8](repeating: 7, count: 32))

    private func refusal(
        _ credentials: AWSCredentials, at date: Date, issuer: SessionIssuer? = nil
    ) -> String? {
        let authenticator = RequestAuthenticator(
            [AWSCredentials(accessKeyID: "K", secretAccessKey: "S")], sessions: issuer ?? self.issuer)
        var request = HTTPRequest(method: "GET", url: "http://h.example/datastore")
        SigV4Signer(region: "r", service: "medical-imaging").sign(&request, with: credentials, at: date)
        let received = APIRequest(
            method: "GET", target: "/datastore", fields: request.fields + [HTTPField("host", "h.example")])
        do throws(APIError) {
            try authenticator.verify(received, at: date)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("they work until they end, and not a second longer")
    func expiry() {
        let issued = issuer.issue(roleARN: Self.role, sessionName: "s", expiration: Self.now + 900)
        #expect(refusal(issued, at: Self.now) == nil)
        #expect(refusal(issued, at: Self.now + 899) == nil)
        #expect(refusal(issued, at: Self.now + 900) == "ExpiredTokenException")
    }

    @Test("neither another secret nor another's token nor another store's key opens")
    func forged() throws {
        let issued = issuer.issue(roleARN: Self.role, sessionName: "s", expiration: Self.now + 900)
        let other = issuer.issue(roleARN: Self.role, sessionName: "s", expiration: Self.now + 900)
        #expect(issued.accessKeyID != other.accessKeyID)
        let mixed = AWSCredentials(
            accessKeyID: issued.accessKeyID, secretAccessKey: issued.secretAccessKey,
            sessionToken: other.sessionToken)
        #expect(refusal(mixed, at: Self.now) == "UnrecognizedClientException")
        let wrong = AWSCredentials(
            accessKeyID: issued.accessKeyID, secretAccessKey: "wrong", sessionToken: issued.sessionToken)
        #expect(refusal(wrong, at: Self.now) == "InvalidSignatureException")
        let tokenless = AWSCredentials(
            accessKeyID: issued.accessKeyID, secretAccessKey: issued.secretAccessKey)
        #expect(refusal(tokenless, at: Self.now) == "UnrecognizedClientException")
        let elsewhere = SessionIssuer(key: [UInt8](repeating: 8, count: 32))
        #expect(refusal(issued, at: Self.now, issuer: elsewhere) == "UnrecognizedClientException")
        let token = try #require(issued.sessionToken)
        for text in [
            "", ".", "a.b", token + "x", String(token.dropLast()), String(repeating: "A", count: 5000),
        ] {
            #expect(issuer.session(token: text, accessKeyID: issued.accessKeyID) == nil)
        }
    }

    @Test("a session says who it is")
    func identity() throws {
        let issued = issuer.issue(roleARN: Self.role, sessionName: "s", expiration: Self.now)
        let session = try #require(
            issuer.session(token: issued.sessionToken ?? "", accessKeyID: issued.accessKeyID))
        #expect(session.arn == "arn:aws:sts::123456789012:assumed-role/importer/s")
        #expect(session.userID.hasPrefix("AROA") && session.userID.hasSuffix(":s"))
        #expect(issued.secretAccessKey.count == 40 && issued.accessKeyID.count == 20)
    }

    @Test("the key of a store is made once, and only its owner may read it")
    func key() throws {
        let temporary = try TemporaryStore()
        let issued = try SessionIssuer(store: temporary.path).issue(
            roleARN: Self.role, sessionName: "s", expiration: Self.now)
        let again = try SessionIssuer(store: temporary.path)
        #expect(again.session(token: issued.sessionToken ?? "", accessKeyID: issued.accessKeyID) != nil)
        let path = temporary.path + "/sts.key"
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        try Data("short".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: StoreError.damaged(path: path, reason: "it does not hold 32 bytes")) {
            try SessionIssuer(store: temporary.path)
        }
    }

    @Test(
        "ARNs of roles are told from others",
        arguments: [
            ("arn:aws:iam::123456789012:role/r", true), ("arn:aws-cn:iam::123456789012:role/a/b/r", true),
            ("arn:aws:iam::123456789012:role/", false), ("arn:aws:iam::123456789012:user/u", false),
            ("arn:aws:iam::12345678901x:role/r", false), ("arn:aws:iam:us-east-1:123456789012:role/r", false),
            ("arn:aws:s3:::bucket", false), ("role/r", false),
            ("arn:aws:iam::123456789012:role/../r x", false),
        ])
    func arns(_ text: String, _ expected: Bool) {
        #expect(STSAPI.isRoleARN(text) == expected)
    }
}
