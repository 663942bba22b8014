import Foundation

@testable import FrameEngine

/// An endpoint that gives credentials, on 127.0.0.1, and a home folder for the profile that leads to it.
final class CredentialsDouble: Sendable {
    typealias Reply = LoopbackServer.Reply

    let server: LoopbackServer
    private let received: Shared<[LoopbackServer.Incoming]>

    init(_ answer: @escaping @Sendable (LoopbackServer.Incoming) -> Reply?) throws {
        let received = Shared<[LoopbackServer.Incoming]>([])
        self.received = received
        server = try LoopbackServer { incoming in
            received.withLock { $0.append(incoming) }
            return answer(incoming)
        }
    }

    deinit { server.stop() }

    var url: String { server.url("") }
    var requests: [LoopbackServer.Incoming] { received.value }

    /// The JSON of container and instance metadata.
    static func keys(_ key: String, expires: String = "2099-01-01T00:00:00Z") -> Reply {
        .text(
            #"{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"\#(key)","SecretAccessKey":"S-\#(key)","#
                + #""Token":"T-\#(key)","Expiration":"\#(expires)"}"#)
    }

    /// The XML of AssumeRole and AssumeRoleWithWebIdentity.
    static func role(_ action: String, _ key: String, expires: String = "2099-01-01T00:00:00Z") -> Reply {
        .text(
            "<\(action)Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><\(action)Result><Credentials>"
                + "<AccessKeyId>\(key)</AccessKeyId><SecretAccessKey>S-\(key)</SecretAccessKey>"
                + "<SessionToken>T-\(key)</SessionToken><Expiration>\(expires)</Expiration></Credentials>"
                + "</\(action)Result></\(action)Response>")
    }

    /// An error of the query protocol.
    static func refusal(_ code: String, status: Int = 403, message: String = "no") -> Reply {
        .text(
            "<ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code><Message>\(message)</Message></Error>"
                + "<RequestId>1</RequestId></ErrorResponse>", status: status)
    }

    /// The fields of a form that was posted.
    static func form(_ incoming: LoopbackServer.Incoming) -> [String: String] {
        let pairs = String(decoding: incoming.body, as: UTF8.self).split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? parts[1].replacing("+", with: " ") : ""
            return (String(parts[0]), String(decoding: PercentEncoding.decode(value), as: UTF8.self))
        }
        return Dictionary(pairs) { first, _ in first }
    }

    /// The credentials of a home and an environment, over the real transport.
    static func load(
        _ home: AWSSettingsTests.Home, _ environment: [String: String] = [:],
        _ options: AWSSettings.Options = .init()
    ) async throws -> AWSCredentials {
        let region = ["AWS_REGION": "us-east-1"].merging(environment) { _, new in new }
        let provider = try home.settings(options, region).credentials
        guard let found = try await provider.credentials() else { throw CredentialsError(.none, "unsigned") }
        return found
    }

    /// The error that the same ends in.
    static func failure(
        _ home: AWSSettingsTests.Home, _ environment: [String: String] = [:],
        _ options: AWSSettings.Options = .init()
    ) async -> CredentialsError? {
        do {
            _ = try await load(home, environment, options)
            return nil
        } catch {
            return error as? CredentialsError
        }
    }
}
