import Foundation
import Testing

@testable import FrameEngine

@Suite("STS client")
struct STSClientTests {
    static func client(_ transport: ScriptedTransport) throws -> STSClient {
        STSClient(try AWSClientTests.client(.sts, transport))
    }

    static func assumed(_ action: String, without missing: String = "") -> ScriptedTransport.Answer {
        let credentials = [
            "AccessKeyId": "ASIAX", "SecretAccessKey": "sec/ret+", "SessionToken": "to//ken==",
            "Expiration": "2026-11-21T12:00:00Z",
        ]
        let members = credentials.filter { $0.key != missing }.map { "<\($0.key)>\($0.value)</\($0.key)>" }
        return AWSClientTests.xml(
            """
            <\(action)Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><\(action)Result>
            <AssumedRoleUser><AssumedRoleId>AROA:me</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/r/me</Arn>
            </AssumedRoleUser><Credentials>\(members.joined())</Credentials></\(action)Result></\(action)Response>
            """)
    }

    static func body(_ transport: ScriptedTransport) -> String {
        String(decoding: transport.requests.first?.body ?? [], as: UTF8.self)
    }

    @Test("tells whose credentials sign")
    func callerIdentity() async throws {
        let transport = ScriptedTransport([
            AWSClientTests.xml(
                """
                <GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/me</Arn>
                <UserId>AIDAX</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>
                """)
        ])
        let identity = try await Self.client(transport).callerIdentity()
        #expect(
            identity
                == CallerIdentity(
                    account: "123456789012", arn: "arn:aws:iam::123456789012:user/me", userID: "AIDAX"))
        #expect(Self.body(transport) == "Action=GetCallerIdentity&Version=2011-06-15")
        #expect(transport.requests.first?.url == "https://sts.eu-west-1.amazonaws.com/")
        #expect(transport.requests.first?.fields.contains { $0.name == "Authorization" } == true)
    }

    @Test("gets temporary credentials of a role, with all that was asked for, signed")
    func assumeRole() async throws {
        let transport = ScriptedTransport([Self.assumed("AssumeRole")])
        let role = try await Self.client(transport).assumeRole(
            RoleRequest(
                roleARN: "arn:aws:iam::123456789012:role/r", sessionName: "me", durationSeconds: 900,
                externalID: "e x", serialNumber: "s", tokenCode: "123456"))
        #expect(
            role.credentials
                == AWSCredentials(
                    accessKeyID: "ASIAX", secretAccessKey: "sec/ret+", sessionToken: "to//ken==",
                    expiration: Date(timeIntervalSince1970: 1_795_262_400)))
        #expect(role.arn == "arn:aws:sts::123456789012:assumed-role/r/me")
        #expect(
            Self.body(transport)
                == "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr"
                + "&RoleSessionName=me&DurationSeconds=900&ExternalId=e%20x&SerialNumber=s&TokenCode=123456")
        #expect(transport.requests.first?.fields.contains { $0.name == "Authorization" } == true)
    }

    @Test("gets temporary credentials for a web identity unsigned, and no error repeats the identity's token")
    func webIdentity() async throws {
        let request = RoleRequest(roleARN: "arn:aws:iam::1:role/r", sessionName: "me")
        let transport = ScriptedTransport([
            Self.assumed("AssumeRoleWithWebIdentity"),
            AWSClientTests.xml(
                "<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>bad eyJ.token.x</Message></Error></ErrorResponse>",
                status: 400),
        ])
        let client = try Self.client(transport)
        let role = try await client.assumeRole(request, webIdentityToken: "eyJ.token.x")
        #expect(role.credentials.accessKeyID == "ASIAX")
        let sent = try #require(transport.requests.first)
        #expect(!sent.fields.contains { $0.name == "Authorization" || $0.name.hasPrefix("X-Amz") })
        #expect(Self.body(transport).hasSuffix("&WebIdentityToken=eyJ.token.x"))
        let error = await #expect(throws: ServiceError.self) {
            try await client.assumeRole(request, webIdentityToken: "eyJ.token.x")
        }
        #expect(error?.code == "InvalidIdentityToken")
        #expect(error?.message.contains("eyJ") == false)
    }

    @Test(
        "refuses an answer without any of the parts of credentials",
        arguments: ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"])
    func incomplete(missing: String) async throws {
        let transport = ScriptedTransport([Self.assumed("AssumeRole", without: missing)])
        let client = try Self.client(transport)
        let error = await #expect(throws: ServiceError.self) {
            try await client.assumeRole(RoleRequest(roleARN: "a", sessionName: "b"))
        }
        #expect(error?.code == "UnreadableResponse")
        #expect(error?.message.contains("sec/ret") == false)
    }
}
