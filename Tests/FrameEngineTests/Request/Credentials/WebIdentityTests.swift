import Foundation
import Testing

@testable import FrameEngine

@Suite("Credentials of a web identity")
struct WebIdentityTests {
    typealias Home = AWSSettingsTests.Home

    private static func service() throws -> CredentialsDouble {
        try CredentialsDouble { _ in CredentialsDouble.role("AssumeRoleWithWebIdentity", "WEB") }
    }

    private static func tokenFile(_ text: String = "eyJ.T0KEN.sig\n") throws -> (TemporaryFolder, String) {
        let folder = try TemporaryFolder()
        try text.write(toFile: folder.file("token"), atomically: true, encoding: .utf8)
        return (folder, folder.file("token"))
    }

    @Test("come from AssumeRoleWithWebIdentity, unsigned, for the token and role of the environment")
    func environment() async throws {
        let double = try Self.service()
        let (folder, path) = try Self.tokenFile()
        let found = try await CredentialsDouble.load(
            try Home(),
            [
                WebIdentity.tokenFileVariable: path, "AWS_ROLE_ARN": "arn:aws:iam::1:role/web",
                "AWS_ROLE_SESSION_NAME": "pod-1", "AWS_ENDPOINT_URL_STS": double.url,
            ])
        withExtendedLifetime(folder) {}
        #expect(found.accessKeyID == "WEB")
        #expect(found.sessionToken == "T-WEB")
        let request = try #require(double.requests.first)
        #expect(request.field("authorization") == nil)
        let form = CredentialsDouble.form(request)
        #expect(form["Action"] == "AssumeRoleWithWebIdentity")
        #expect(form["WebIdentityToken"] == "eyJ.T0KEN.sig")
        #expect(form["RoleArn"] == "arn:aws:iam::1:role/web")
        #expect(form["RoleSessionName"] == "pod-1")
    }

    @Test("come from the profile; variables go before it one by one, unless an option names the profile")
    func profile() async throws {
        let double = try Self.service()
        let (folder, path) = try Self.tokenFile()
        let home = try Home(
            config: """
                [profile web]
                web_identity_token_file = \(path)
                role_arn = arn:aws:iam::1:role/of-profile
                role_session_name = of-profile
                """)
        let environment = [
            "AWS_ENDPOINT_URL_STS": double.url, "AWS_ROLE_ARN": "arn:aws:iam::1:role/of-variable",
        ]
        _ = try await CredentialsDouble.load(
            home, environment.merging(["AWS_PROFILE": "web"]) { own, _ in own })
        _ = try await CredentialsDouble.load(home, environment, .init(profile: "web"))
        withExtendedLifetime(folder) {}
        let forms = double.requests.map(CredentialsDouble.form)
        #expect(
            forms.map { $0["RoleArn"] } == [
                "arn:aws:iam::1:role/of-variable", "arn:aws:iam::1:role/of-profile",
            ])
        #expect(forms.map { $0["RoleSessionName"] } == ["of-profile", "of-profile"])
    }

    @Test("of a source profile are asked for, whatever the environment says of another identity")
    func sourceProfile() async throws {
        let double = try CredentialsDouble { incoming in
            CredentialsDouble.role(CredentialsDouble.form(incoming)["Action"] ?? "", "KEY")
        }
        let (folder, path) = try Self.tokenFile()
        let home = try Home(
            config: """
                [profile p]
                role_arn = arn:aws:iam::1:role/outer
                source_profile = web
                [profile web]
                web_identity_token_file = \(path)
                role_arn = arn:aws:iam::1:role/inner
                """)
        _ = try await CredentialsDouble.load(
            home,
            [
                "AWS_PROFILE": "p", "AWS_ENDPOINT_URL_STS": double.url,
                WebIdentity.tokenFileVariable: "/nonexistent", "AWS_ROLE_ARN": "arn:other",
            ])
        withExtendedLifetime(folder) {}
        #expect(
            double.requests.map { CredentialsDouble.form($0)["Action"] } == [
                "AssumeRoleWithWebIdentity", "AssumeRole",
            ])
        #expect(
            double.requests.map { CredentialsDouble.form($0)["RoleArn"]?.suffix(5) } == ["inner", "outer"])
    }

    @Test("without a role or a readable token end in an error, and nothing is asked")
    func incomplete() async throws {
        let double = try Self.service()
        let (folder, path) = try Self.tokenFile(" \n")
        let cases = [
            ([WebIdentity.tokenFileVariable: path], "no role"),
            ([WebIdentity.tokenFileVariable: path, "AWS_ROLE_ARN": "R"], "is empty"),
            ([WebIdentity.tokenFileVariable: "\(path)-none", "AWS_ROLE_ARN": "R"], "does not exist"),
            ([WebIdentity.tokenFileVariable: folder.path, "AWS_ROLE_ARN": "R"], "not a plain file"),
        ]
        for (environment, words) in cases {
            let error = await CredentialsDouble.failure(
                try Home(), environment.merging(["AWS_ENDPOINT_URL_STS": double.url]) { own, _ in own })
            #expect(error?.reason == .incomplete)
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "no error")")
        }
        #expect(double.requests.isEmpty)
    }

    @Test("that STS refuses end in its code, without the token even where the answer repeats it")
    func refused() async throws {
        let double = try CredentialsDouble { incoming in
            let token = CredentialsDouble.form(incoming)["WebIdentityToken"] ?? ""
            return CredentialsDouble.refusal(
                "InvalidIdentityToken", status: 400, message: "bad token \(token)")
        }
        let (folder, path) = try Self.tokenFile()
        let error = await CredentialsDouble.failure(
            try Home(),
            [
                WebIdentity.tokenFileVariable: path, "AWS_ROLE_ARN": "arn:aws:iam::1:role/web",
                "AWS_ENDPOINT_URL_STS": double.url,
            ])
        withExtendedLifetime(folder) {}
        #expect(error?.message.contains("InvalidIdentityToken") == true, "\(error?.message ?? "no error")")
        #expect(error?.message.contains("T0KEN") == false)
    }
}
