import Crypto
import Foundation
import FrameEngine

/// Gives out temporary credentials and knows them again: the token carries the session, sealed with a key of the
/// store, and the secret is derived from it. So they outlive a restart and hold for every server of one store. Any thread.
struct SessionIssuer: Sendable {
    private let key: SymmetricKey

    init(key: [UInt8]) { self.key = SymmetricKey(data: key) }

    /// Reads the store's key, or makes it.
    init(store: String) throws(StoreError) {
        let path = store + "/sts.key"
        let key = try FileLock.withLock(on: store + "/store.lock") { () throws(StoreError) in
            if let key = try StoreFiles.read(path) {
                guard key.count == 32 else { throw .damaged(path: path, reason: "it does not hold 32 bytes") }
                return key
            }
            var generator = SystemRandomNumberGenerator()
            let key = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            try StoreFiles.replace(path, bytes: key, mode: 0o600)
            return key
        }
        self.init(key: key)
    }

    /// New credentials for a role.
    func issue(roleARN: String, sessionName: String, expiration: Date) -> AWSCredentials {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
        var generator = SystemRandomNumberGenerator()
        let digits = (0..<16).map { _ in alphabet[Int(generator.next() & 31)] }
        let session = LocalSession(
            accessKeyID: "ASIA" + String(decoding: digits, as: UTF8.self), roleARN: roleARN,
            sessionName: sessionName, expiresAt: expiration.timeIntervalSince1970.rounded(.down))
        return credentials(of: session, token: token(of: session))
    }

    /// The session of a token that this store gave out for that key, be it over or not; nil for any other.
    func session(token: String, accessKeyID: String) -> LocalSession? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard token.utf8.count <= 4096, parts.count == 2, let content = Data(base64Encoded: String(parts[0])),
            SigV4.isEqualInConstantTime(String(parts[1]), seal("token", content)),
            let session = try? JSONDecoder().decode(LocalSession.self, from: content),
            session.accessKeyID == accessKeyID
        else { return nil }
        return session
    }

    func credentials(of session: LocalSession, token: String) -> AWSCredentials {
        AWSCredentials(
            accessKeyID: session.accessKeyID,
            secretAccessKey: String(seal("secret", Data(session.accessKeyID.utf8)).prefix(40)),
            sessionToken: token, expiration: session.expiration)
    }

    private func token(of session: LocalSession) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let content = try? encoder.encode(session) else {
            preconditionFailure("a session holds strings and a finite number")
        }
        return content.base64EncodedString() + "." + seal("token", content)
    }

    private func seal(_ purpose: String, _ content: Data) -> String {
        Data(HMAC<SHA256>.authenticationCode(for: Data(purpose.utf8) + [0] + content, using: key))
            .base64EncodedString()
    }
}
