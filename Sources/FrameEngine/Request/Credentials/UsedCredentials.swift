import Synchronization

/// The credentials that requests were signed with of late, so that answers can be freed of their secrets. Any thread.
///
/// An answer may arrive after the credentials were renewed: a few are kept, not only the last.
final class UsedCredentials: Sendable {
    private static let kept = 8

    private let recent = Mutex<[AWSCredentials]>([])

    /// Remembers `credentials`; runs once a request.
    func note(_ credentials: AWSCredentials) {
        recent.withLock { recent in
            if recent.last == credentials { return }
            recent.removeAll { $0 == credentials }
            recent.append(credentials)
            if recent.count > Self.kept { recent.removeFirst() }
        }
    }

    /// The credentials that signed `request`; nil when they are not among the last few, or it was not signed.
    func signer(of request: HTTPRequest) -> AWSCredentials? {
        let authorization = request.fields.first { $0.name.lowercased() == "authorization" }?.value ?? ""
        let token = request.fields.first { $0.name.lowercased() == "x-amz-security-token" }?.value
        return recent.withLock { recent in
            recent.last {
                $0.sessionToken == token && authorization.contains("Credential=\($0.accessKeyID)/")
            }
        }
    }

    /// What hides the secrets of all of them, and `others`.
    func redaction(besides others: [String] = []) -> SecretRedaction {
        SecretRedaction(
            recent.withLock { $0 } + others.map { AWSCredentials(accessKeyID: "", secretAccessKey: $0) })
    }
}
