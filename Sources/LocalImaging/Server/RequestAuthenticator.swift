import Foundation
import FrameEngine

/// Checks the SigV4 signatures of requests against known credentials. Any thread.
struct RequestAuthenticator: Sendable {
    /// The signing names that are accepted.
    static let services: Set<String> = ["medical-imaging"]
    /// How far a request's time may be from this machine's, in seconds.
    static let skewLimitInSeconds = 900

    private let credentials: [String: AWSCredentials]

    init(_ credentials: [AWSCredentials]) {
        self.credentials = Dictionary(credentials.map { ($0.accessKeyID, $0) }, uniquingKeysWith: { $1 })
    }

    /// Returns where the request is signed rightly by a known key.
    func verify(_ request: APIRequest, at date: Date) throws(APIError) {
        guard let header = request.field("authorization") else {
            throw Self.refusal("MissingAuthenticationTokenException", "Missing Authentication Token")
        }
        guard let authorization = SigV4.Authorization(parsing: header) else {
            throw Self.refusal("IncompleteSignatureException", "the Authorization header is malformed")
        }
        let timestamp = try checkScope(authorization, of: request, at: date)
        guard let known = credentials[authorization.accessKeyID] else {
            throw Self.refusal(
                "UnrecognizedClientException", "The security token included in the request is invalid.")
        }
        try checkToken(known, authorization, request)
        let isValid = authorization.isValid(
            secretAccessKey: known.secretAccessKey, timestamp: timestamp, method: request.method,
            path: request.path, query: request.query, fields: request.fields,
            payloadHash: try payloadHash(of: request))
        guard isValid else {
            throw Self.refusal(
                "InvalidSignatureException",
                "The request signature we calculated does not match the signature you provided. "
                    + "Check your AWS Secret Access Key and signing method.")
        }
    }

    /// Checks service, day and age, and that what must be signed is; returns the request's timestamp.
    private func checkScope(
        _ authorization: SigV4.Authorization, of request: APIRequest, at date: Date
    ) throws(APIError) -> String {
        guard Self.services.contains(authorization.scope.service) else {
            throw Self.refusal(
                "InvalidSignatureException",
                "Credential should be scoped to correct service: 'medical-imaging'.")
        }
        guard let text = request.field("x-amz-date"), let timestamp = AWSTimestamp(parsing: text),
            authorization.signedHeaders.contains("host"), authorization.signedHeaders.contains("x-amz-date")
        else {
            throw Self.refusal(
                "IncompleteSignatureException", "host and x-amz-date must be sent and signed")
        }
        guard timestamp.day == authorization.scope.day else {
            throw Self.refusal(
                "InvalidSignatureException", "Date in Credential scope does not match the request's date.")
        }
        let age = AWSTimestamp(date).epochSeconds - timestamp.epochSeconds
        guard abs(age) <= Self.skewLimitInSeconds else {
            let state = age > 0 ? "Signature expired" : "Signature not yet current"
            throw Self.refusal(
                "InvalidSignatureException",
                "\(state): \(text) is more than 15 minutes from the server's time")
        }
        return text
    }

    /// Temporary credentials work with their token only, and long-lived ones with none.
    private func checkToken(
        _ known: AWSCredentials, _ authorization: SigV4.Authorization, _ request: APIRequest
    ) throws(APIError) {
        let sent = request.field("x-amz-security-token")
        guard known.sessionToken != nil || sent != nil else { return }
        guard let sent, let token = known.sessionToken, SigV4.isEqualInConstantTime(sent, token),
            authorization.signedHeaders.contains("x-amz-security-token")
        else {
            throw Self.refusal(
                "UnrecognizedClientException", "The security token included in the request is invalid.")
        }
    }

    /// The hash that the client signed: its own where it sends one that is right, else the body's.
    private func payloadHash(of request: APIRequest) throws(APIError) -> String {
        let sent = request.field("x-amz-content-sha256")
        if sent == "UNSIGNED-PAYLOAD" { return "UNSIGNED-PAYLOAD" }
        let hash = SigV4.payloadHash(of: request.body)
        guard sent == nil || sent == hash else {
            throw Self.refusal(
                "InvalidSignatureException", "x-amz-content-sha256 is not the hash of the request's body")
        }
        return hash
    }

    private static func refusal(_ code: String, _ message: String) -> APIError {
        APIError(status: code == "IncompleteSignatureException" ? 400 : 403, code: code, message: message)
    }
}
