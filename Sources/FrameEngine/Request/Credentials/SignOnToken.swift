import Crypto
import Foundation

/// An access token of IAM Identity Center as `aws sso login` keeps it.
struct SignOnToken: ContentsHidden, Sendable {
    /// What renews it.
    struct Renewal: ContentsHidden, Sendable {
        let clientID: String
        let clientSecret: String
        let refreshToken: String
    }

    let accessToken: String
    let expiration: Date
    /// Every member of the file that is text: what is not understood here is kept when it is written again.
    private let members: [String: String]

    /// - Throws: what the document lacks, in words that complete "the kept token …".
    init(parsing bytes: [UInt8]) throws(SmallFile.Problem) {
        guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else {
            throw SmallFile.Problem(text: "is not JSON")
        }
        members = object.compactMapValues { $0 as? String }
        guard let token = members["accessToken"], !token.isEmpty,
            let expiration = members["expiresAt"].flatMap(CredentialsTime.date)
        else { throw SmallFile.Problem(text: "has no accessToken or no expiresAt") }
        guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw SmallFile.Problem(text: "has an accessToken that no header may hold")
        }
        accessToken = token
        self.expiration = expiration
    }

    private init(accessToken: String, expiration: Date, members: [String: String]) {
        self.accessToken = accessToken
        self.expiration = expiration
        self.members = members
    }

    /// Nil where the file has nothing to renew it with, or the registration has expired that the renewal needs.
    func renewal(at date: Date) -> Renewal? {
        guard let clientID = members["clientId"], let clientSecret = members["clientSecret"],
            let refreshToken = members["refreshToken"],
            let end = members["registrationExpiresAt"].flatMap(CredentialsTime.date), end > date
        else { return nil }
        return Renewal(clientID: clientID, clientSecret: clientSecret, refreshToken: refreshToken)
    }

    private struct Answer: Decodable, ContentsHidden {
        let accessToken: String
        /// Seconds.
        let expiresIn: Int
        let refreshToken: String?
    }

    /// What an answer of CreateToken makes of it; nil where it is none.
    func renewed(by answer: [UInt8], at date: Date, startURL: String, region: String) -> SignOnToken? {
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(answer)), answer.expiresIn > 0,
            !answer.accessToken.isEmpty
        else { return nil }
        // No longer than ten years, or the date may be none that can be written.
        let expiration = date + TimeInterval(min(answer.expiresIn, 315_576_000))
        var members = members
        members["accessToken"] = answer.accessToken
        members["expiresAt"] = CredentialsTime.text(expiration)
        members["startUrl"] = startURL
        members["region"] = region
        // A refresh token serves once: without a new one this was the last renewal.
        members["refreshToken"] = answer.refreshToken
        return SignOnToken(accessToken: answer.accessToken, expiration: expiration, members: members)
    }

    var document: [UInt8]? {
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        return (try? JSONSerialization.data(withJSONObject: members, options: options)).map { Array($0) }
    }
}

/// The file of one session's token: `~/.aws/sso/cache/<SHA-1 of the session's name or the start URL>.json`.
struct SignOnTokenFile: Sendable {
    let path: String

    init(home: String, key: String) {
        let digest = Insecure.SHA1.hash(data: Data(key.utf8))
        let name = digest.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        path = "\(home)/.aws/sso/cache/\(name).json"
    }

    func read() throws(SmallFile.Problem) -> SignOnToken {
        try SignOnToken(parsing: try SmallFile.read(path))
    }

    /// Replaces the file by one that only its owner may read.
    ///
    /// Where that fails the token still serves this run, and the next one has to sign in again.
    func write(_ token: SignOnToken) {
        guard let document = token.document else { return }
        var template = Array("\(path).XXXXXX".utf8CString)
        // mkstemp makes files of mode 0600.
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { return }
        let isWhole =
            document.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) } == document.count
            && fsync(descriptor) == 0
        close(descriptor)
        if !isWhole || rename(template, path) != 0 { unlink(template) }
    }
}
