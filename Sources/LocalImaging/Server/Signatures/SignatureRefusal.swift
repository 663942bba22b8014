/// Why a request is not accepted as signed. Each protocol has codes of its own for it.
enum SignatureRefusal: Error, Hashable {
    case missing
    case malformed
    /// Host and date must be sent and signed.
    case incomplete
    case wrongService(expected: String)
    case wrongDay
    /// The time that was sent, and whether it lies in the past.
    case skewed(String, isPast: Bool)
    case unknownKey
    case wrongToken
    case expiredToken
    case wrongSignature
    /// The hash that was sent and signed is not the body's.
    case wrongPayloadHash
    case missingPayloadHash
    /// A field that must be signed is sent and is not.
    case unsignedField

    var message: String {
        switch self {
        case .missing: "Missing Authentication Token"
        case .malformed: "the Authorization header is malformed"
        case .incomplete: "host and x-amz-date must be sent and signed"
        case .wrongService(let expected): "Credential should be scoped to correct service: '\(expected)'."
        case .wrongDay: "Date in Credential scope does not match the request's date."
        case .skewed(let time, let isPast):
            "\(isPast ? "Signature expired" : "Signature not yet current"): \(time) is more than 15 minutes "
                + "from the server's time"
        case .unknownKey, .wrongToken: "The security token included in the request is invalid."
        case .expiredToken: "The security token included in the request is expired"
        case .wrongSignature:
            "The request signature we calculated does not match the signature you provided. "
                + "Check your AWS Secret Access Key and signing method."
        case .wrongPayloadHash: "x-amz-content-sha256 is not the hash of the request's body"
        case .missingPayloadHash:
            "x-amz-content-sha256 must be sent: a hash, UNSIGNED-PAYLOAD or one of the STREAMING forms"
        case .unsignedField: "There were headers present in the request which were not signed"
        }
    }

    /// As HealthImaging answers it.
    var apiError: APIError {
        let code =
            switch self {
            case .missing: "MissingAuthenticationTokenException"
            case .malformed, .incomplete: "IncompleteSignatureException"
            case .unknownKey, .wrongToken: "UnrecognizedClientException"
            case .expiredToken: "ExpiredTokenException"
            case .wrongService, .wrongDay, .skewed, .wrongSignature, .wrongPayloadHash, .missingPayloadHash,
                .unsignedField:
                "InvalidSignatureException"
            }
        return APIError(
            status: code == "IncompleteSignatureException" ? 400 : 403, code: code, message: message)
    }

    /// As services of the query protocol answer it.
    var queryError: QueryError {
        let code =
            switch self {
            case .missing: "MissingAuthenticationToken"
            case .malformed, .incomplete: "IncompleteSignature"
            case .unknownKey, .wrongToken: "InvalidClientTokenId"
            case .expiredToken: "ExpiredToken"
            case .wrongService, .wrongDay, .skewed, .wrongSignature, .wrongPayloadHash, .missingPayloadHash,
                .unsignedField:
                "SignatureDoesNotMatch"
            }
        return QueryError(status: code == "IncompleteSignature" ? 400 : 403, code: code, message: message)
    }

    /// As S3 answers it.
    var s3Error: S3Error {
        switch self {
        case .missing: S3Error(403, "AccessDenied", "Access Denied: the request is not signed")
        case .malformed, .wrongService, .wrongDay: S3Error(400, "AuthorizationHeaderMalformed", message)
        case .incomplete, .unsignedField: S3Error(403, "AccessDenied", message)
        case .skewed: S3Error(403, "RequestTimeTooSkewed", message)
        case .unknownKey:
            S3Error(
                403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."
            )
        case .wrongToken:
            S3Error(400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
        case .expiredToken: S3Error(400, "ExpiredToken", "The provided token has expired.")
        case .wrongSignature: S3Error(403, "SignatureDoesNotMatch", message)
        case .wrongPayloadHash: S3Error(400, "XAmzContentSHA256Mismatch", message)
        case .missingPayloadHash: S3Error(400, "InvalidRequest", message)
        }
    }
}
