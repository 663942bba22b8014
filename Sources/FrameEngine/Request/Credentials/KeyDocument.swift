import Foundation

/// The JSON in which container and instance metadata, and processes, give credentials.
struct KeyDocument: Decodable, ContentsHidden {
    let version: Int?
    let code: String?
    let accessKeyID: String?
    let secretAccessKey: String?
    let token: String?
    let sessionToken: String?
    let expiration: String?

    private enum CodingKeys: String, CodingKey {
        case version = "Version"
        case code = "Code"
        case accessKeyID = "AccessKeyId"
        case secretAccessKey = "SecretAccessKey"
        case token = "Token"
        case sessionToken = "SessionToken"
        case expiration = "Expiration"
    }

    /// What a document lacks, in words that complete "the answer …".
    struct Problem: Error {
        let text: String
    }

    init(parsing bytes: [UInt8]) throws(Problem) {
        do {
            self = try JSONDecoder().decode(KeyDocument.self, from: Data(bytes))
        } catch {
            // Without the decoder's words: they may quote what was decoded.
            throw Problem(text: "is not the JSON of credentials")
        }
    }

    /// - Parameter sessionToken: `token` or `sessionToken`, as the source calls it.
    func credentials(sessionToken: String?) throws(Problem) -> AWSCredentials {
        guard let accessKeyID, !accessKeyID.isEmpty else { throw Problem(text: "has no AccessKeyId") }
        guard let secretAccessKey, !secretAccessKey.isEmpty else {
            throw Problem(text: "has no SecretAccessKey")
        }
        var end: Date?
        if let expiration {
            end = CredentialsTime.date(expiration)
            guard end != nil else { throw Problem(text: "has an Expiration that is no ISO 8601 time") }
        }
        return AWSCredentials(
            accessKeyID: accessKeyID, secretAccessKey: secretAccessKey,
            sessionToken: sessionToken.flatMap { $0.isEmpty ? nil : $0 }, expiration: end)
    }
}
