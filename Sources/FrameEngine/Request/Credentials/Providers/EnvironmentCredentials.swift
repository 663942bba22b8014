import Foundation

/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, and when they expire where
/// `AWS_CREDENTIAL_EXPIRATION` says so.
struct EnvironmentCredentials: CredentialsSource {
    let environment: [String: String]

    var name: String { "environment" }

    func load() throws(CredentialsError) -> CredentialsLookup {
        let key = environment["AWS_ACCESS_KEY_ID"] ?? ""
        let secret = environment["AWS_SECRET_ACCESS_KEY"] ?? ""
        if key.isEmpty, secret.isEmpty { return .nothing("AWS_ACCESS_KEY_ID is not set") }
        guard !key.isEmpty else {
            throw CredentialsError(.incomplete, "AWS_SECRET_ACCESS_KEY is set but AWS_ACCESS_KEY_ID is not")
        }
        guard !secret.isEmpty else {
            throw CredentialsError(.incomplete, "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not")
        }
        let token = environment["AWS_SESSION_TOKEN"] ?? ""
        return .found(
            AWSCredentials(
                accessKeyID: key, secretAccessKey: secret, sessionToken: token.isEmpty ? nil : token,
                expiration: try expiration()))
    }

    private func expiration() throws(CredentialsError) -> Date? {
        guard let text = environment["AWS_CREDENTIAL_EXPIRATION"], !text.isEmpty else { return nil }
        guard let date = CredentialsTime.date(text) else {
            throw CredentialsError(
                .incomplete, "AWS_CREDENTIAL_EXPIRATION is not an ISO 8601 time such as 2026-01-31T23:59:59Z")
        }
        return date
    }
}
