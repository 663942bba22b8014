import Foundation
import FrameEngine

/// Checks the SigV4 signatures of requests against known credentials and those that STS gave out. Any thread.
struct RequestAuthenticator: Sendable {
    /// How far a request's time may be from this machine's, in seconds.
    static let skewLimitInSeconds = 900

    /// What a request was signed with.
    struct Signer: Sendable {
        let credentials: AWSCredentials
        /// For a session that STS gave out.
        let session: LocalSession?
        let authorization: SigV4.Authorization
        let timestamp: String
    }

    private let credentials: [String: AWSCredentials]
    private let sessions: SessionIssuer?

    init(_ credentials: [AWSCredentials], sessions: SessionIssuer? = nil) {
        self.credentials = Dictionary(credentials.map { ($0.accessKeyID, $0) }, uniquingKeysWith: { $1 })
        self.sessions = sessions
    }

    /// Returns where a request to HealthImaging is signed rightly.
    func verify(_ request: APIRequest, at date: Date) throws(APIError) {
        do throws(SignatureRefusal) {
            _ = try signer(
                of: request, payloadHash: try Self.payloadHash(of: request), services: ["medical-imaging"],
                pathStyle: .encodedTwice, at: date)
        } catch {
            throw error.apiError
        }
    }

    /// Who signed a request, the signature being right.
    ///
    /// - Parameters:
    ///   - payloadHash: what the client signed for its body.
    ///   - services: the signing names that are accepted.
    func signer(
        of request: APIRequest, payloadHash: String, services: Set<String>, pathStyle: SigV4.PathStyle,
        at date: Date
    ) throws(SignatureRefusal) -> Signer {
        guard let header = request.field("authorization") else { throw .missing }
        guard let authorization = SigV4.Authorization(parsing: header) else { throw .malformed }
        guard services.contains(authorization.scope.service) else {
            throw .wrongService(expected: services.sorted().joined(separator: "' or '"))
        }
        let timestamp = try Self.checkDate(authorization, of: request, at: date)
        let (known, session) = try credentials(for: authorization, request, at: date)
        let isValid = authorization.isValid(
            secretAccessKey: known.secretAccessKey, timestamp: timestamp, method: request.method,
            path: request.path, query: request.query, fields: request.fields, payloadHash: payloadHash,
            pathStyle: pathStyle)
        guard isValid else { throw .wrongSignature }
        return Signer(
            credentials: known, session: session, authorization: authorization, timestamp: timestamp)
    }

    /// The hash that the client signed: its own where it sends one that is right, else the body's.
    static func payloadHash(of request: APIRequest) throws(SignatureRefusal) -> String {
        let sent = request.field("x-amz-content-sha256")
        if sent == "UNSIGNED-PAYLOAD" { return "UNSIGNED-PAYLOAD" }
        let hash = SigV4.payloadHash(of: request.body)
        guard sent == nil || sent == hash else { throw .wrongPayloadHash }
        return hash
    }

    /// Checks day and age, and that what must be signed is; returns the request's timestamp.
    private static func checkDate(
        _ authorization: SigV4.Authorization, of request: APIRequest, at date: Date
    ) throws(SignatureRefusal) -> String {
        guard let text = request.field("x-amz-date"), let timestamp = AWSTimestamp(parsing: text),
            authorization.signedHeaders.contains("host"), authorization.signedHeaders.contains("x-amz-date")
        else { throw .incomplete }
        guard timestamp.day == authorization.scope.day else { throw .wrongDay }
        let age = AWSTimestamp(date).epochSeconds - timestamp.epochSeconds
        guard abs(age) <= skewLimitInSeconds else { throw .skewed(text, isPast: age > 0) }
        return text
    }

    /// What the request must be signed with. Temporary credentials work with their token only, and long-lived ones
    /// with none.
    private func credentials(
        for authorization: SigV4.Authorization, _ request: APIRequest, at date: Date
    ) throws(SignatureRefusal) -> (AWSCredentials, LocalSession?) {
        let sent = request.field("x-amz-security-token")
        let isTokenSigned = authorization.signedHeaders.contains("x-amz-security-token")
        if let known = credentials[authorization.accessKeyID] {
            guard known.sessionToken != nil || sent != nil else { return (known, nil) }
            guard let sent, let token = known.sessionToken, SigV4.isEqualInConstantTime(sent, token),
                isTokenSigned
            else { throw .wrongToken }
            return (known, nil)
        }
        guard let sessions, let sent else { throw .unknownKey }
        guard isTokenSigned,
            let session = sessions.session(token: sent, accessKeyID: authorization.accessKeyID)
        else { throw .wrongToken }
        guard session.expiration > date else { throw .expiredToken }
        return (sessions.credentials(of: session, token: sent), session)
    }
}
