import Crypto
import Foundation
import Synchronization

/// Signs requests for one region and service. Any thread.
///
/// The key of the day is derived once and kept, so that a signature costs two hashes and one HMAC.
public final class SigV4Signer: Sendable {
    private struct CachedKey {
        let day: String
        let credentials: AWSCredentials
        let key: SymmetricKey
    }

    public let region: String
    public let service: String
    private let pathStyle: SigV4.PathStyle
    private let cachedKey = Mutex<CachedKey?>(nil)

    /// - Parameters:
    ///   - region: the endpoint's region, such as `us-east-1`.
    ///   - service: the signing name; `medical-imaging` for every plane of HealthImaging.
    ///   - pathStyle: `.asSent` for S3, which also has the payload's hash sent as `x-amz-content-sha256`.
    public init(
        region: String, service: String = "medical-imaging", pathStyle: SigV4.PathStyle = .encodedTwice
    ) {
        self.region = region
        self.service = service
        self.pathStyle = pathStyle
    }

    /// Adds `X-Amz-Date`, `X-Amz-Security-Token` for temporary credentials, and `Authorization` to `request`.
    ///
    /// A request that was signed before is signed anew. The URL must be absolute and percent-encoded; without a
    /// host in it there is nothing to sign and the request is left as it is.
    public func sign(_ request: inout HTTPRequest, with credentials: AWSCredentials, at date: Date) {
        guard let url = URLParts(request.url) else { return }
        let timestamp = AWSTimestamp(date).basicFormat
        let payloadHash = SigV4.payloadHash(of: request.body)
        request.fields.removeAll { Self.ownFields.contains($0.name.lowercased()) }
        request.fields.append(HTTPField("X-Amz-Date", timestamp))
        if let token = credentials.sessionToken {
            request.fields.append(HTTPField("X-Amz-Security-Token", token))
        }
        if pathStyle == .asSent { request.fields.append(HTTPField("X-Amz-Content-SHA256", payloadHash)) }

        let scope = SigV4.Scope(day: String(timestamp.prefix(8)), region: region, service: service)
        let signed = Self.signedHeaders(of: request.fields)
        let canonical = SigV4.canonicalRequest(
            method: request.method, path: url.path, query: url.query ?? "",
            fields: request.fields + [HTTPField("host", url.hostHeader)],
            signedHeaders: signed, payloadHash: payloadHash, pathStyle: pathStyle)
        let text = SigV4.stringToSign(timestamp: timestamp, scope: scope, canonicalRequest: canonical)
        let signature = SigV4.signature(of: text, key: key(for: credentials, scope: scope))
        request.fields.append(
            HTTPField(
                "Authorization",
                "\(SigV4.algorithm) Credential=\(credentials.accessKeyID)/\(scope), "
                    + "SignedHeaders=\(signed.joined(separator: ";")), Signature=\(signature)"))
    }

    /// Everything in the request is signed but what the transport or an intermediary may set or change.
    private static func signedHeaders(of fields: [HTTPField]) -> [String] {
        var names: Set<String> = ["host"]
        for field in fields {
            let name = field.name.lowercased()
            if !unsignedFields.contains(name) { names.insert(name) }
        }
        return names.sorted()
    }

    private func key(for credentials: AWSCredentials, scope: SigV4.Scope) -> SymmetricKey {
        cachedKey.withLock { cached in
            if let cached, cached.day == scope.day, cached.credentials == credentials { return cached.key }
            let key = SigV4.signingKey(secretAccessKey: credentials.secretAccessKey, scope: scope)
            cached = CachedKey(day: scope.day, credentials: credentials, key: key)
            return key
        }
    }

    private static let ownFields: Set<String> = [
        "authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256",
    ]
    private static let unsignedFields: Set<String> = [
        "accept", "accept-encoding", "connection", "content-length", "expect", "te", "transfer-encoding",
        "user-agent", "x-amzn-trace-id",
    ]
}
