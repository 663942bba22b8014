import Foundation

extension ServiceError {
    /// Reads an error answer in JSON (rest-json) or XML (rest-xml, query), or whatever a gateway or proxy says instead.
    ///
    /// The code is looked for in `x-amzn-errortype`, then `code`, `Code` and `__type` of a JSON body (botocore's order),
    /// or `Code` of an XML body's `Error`.
    /// Nothing of the answer enters the error before `redaction` has hidden the secrets in it.
    init(
        decoding response: HTTPResponse, operation: String, redaction: SecretRedaction = .none,
        now: Date = Date()
    ) {
        let body = Self.Body(response, redaction: redaction)
        let awsCode = (response.field("x-amzn-errortype") ?? body.code).flatMap(Self.bareCode)
        let kind = Self.kind(status: response.status, code: awsCode)
        let shownCode = awsCode.flatMap { redaction.redacted($0) == $0 ? $0 : nil }
        let name = shownCode.map { " \($0)" } ?? ""
        let said = body.text.isEmpty ? "" : ": \(body.text)"
        let region = Self.bucketRegion(response, named: body.region)
        let advice =
            region.map { " (the bucket is in \($0))" }
            ?? Self.advice(kind, code: awsCode, status: response.status)
        self.init(
            operation: operation, status: response.status, awsCode: shownCode,
            message: "\(operation): HTTP \(response.status)\(name)\(said)\(advice)",
            retryAfter: RetryAfter.duration(in: response, now: now), kind: kind, bucketRegion: region)
    }

    /// What an error body says, fit for one line.
    private struct Body {
        var code: String?
        var text = ""
        /// The region that S3 expected in a signature.
        var region: String?

        /// The largest error body, in bytes, that is read. The service's have some hundred.
        private static let bytesLimit = 64 << 10

        init(_ response: HTTPResponse, redaction: SecretRedaction) {
            let bytes = response.body.bytes
            guard let first = bytes.prefix(Self.bytesLimit).first(where: { $0 > 0x20 }) else { return }
            if first == UInt8(ascii: "<") {
                if bytes.count <= Self.bytesLimit, let error = Self.xmlError(bytes) {
                    code = error.text("Code")
                    region = error.text("Region")
                    text = Self.line(redaction.redacted(error.text("Message") ?? ""))
                    return
                }
                text =
                    "an HTML or XML page instead of an API answer, perhaps from a proxy or a wrong endpoint"
                return
            }
            guard bytes.count <= Self.bytesLimit else {
                text = "a body of \(bytes.count) bytes, too large to be an error message"
                return
            }
            guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else {
                text = "a body that is not JSON"
                return
            }
            code = (object["code"] ?? object["Code"] ?? object["__type"]) as? String
            let message = (object["message"] ?? object["Message"]) as? String ?? ""
            // Whole, before anything is cut off: a part of a secret would not be recognised.
            text = Self.line(redaction.redacted(message))
        }

        /// `Error` as S3 has it at the root, and the query services within `ErrorResponse`.
        private static func xmlError(_ bytes: UnsafeRawBufferPointer) -> XMLNode? {
            guard let root = try? XMLNode(parsing: bytes) else { return nil }
            if root.name == "Error" { return root }
            guard ["ErrorResponse", "Response"].contains(root.name) else { return nil }
            // `Errors` is EC2's form, which gateways in front of the query services use as well.
            return root["Error"] ?? root["Errors"]?["Error"]
        }

        /// The first line, at most 300 characters.
        ///
        /// A signature error goes on to quote the canonical request, session token included: that is cut off.
        private static func line(_ message: String) -> String {
            var text = message.prefix { !$0.isNewline }
            if let quote = text.range(of: "The Canonical String") { text = text[..<quote.lowerBound] }
            if let quote = text.range(of: "The String-to-Sign") { text = text[..<quote.lowerBound] }
            return String(text.prefix(300)).trimmingCharacters(in: .whitespaces)
        }
    }

    /// Without namespace (`prefix#`) and documentation address (`:http://…`); nil unless it is a plain word.
    private static func bareCode(_ text: String) -> String? {
        let code = text.prefix { $0 != ":" }.split(separator: "#").last ?? ""
        let isWord = code.utf8.allSatisfy { byte in
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte & 0xDF)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: ".")
                || byte == UInt8(ascii: "_")
        }
        return isWord && (1...100).contains(code.utf8.count) ? String(code) : nil
    }

    private static func kind(status: Int, code: String?) -> Kind {
        if let code {
            if throttlingCodes.contains(code) { return .throttling }
            if credentialsCodes.contains(code) { return .credentials }
            if conflictCodes.contains(code) { return .conflict }
        }
        switch status {
        case 429: return .throttling
        case 401, 403, 407: return .credentials
        case 404: return .notFound
        case 409: return .conflict
        case 500...: return .server
        default: return .client
        }
    }

    /// Where S3 says the bucket is, when it was asked for in another region: in a field, or where the signature was for the
    /// wrong one in the body alone.
    private static func bucketRegion(_ response: HTTPResponse, named: String?) -> String? {
        guard [301, 307, 400].contains(response.status),
            let region = response.field("x-amz-bucket-region") ?? named,
            (try? HealthImagingEndpoints.check(region: region)) != nil
        else { return nil }
        return region
    }

    private static func advice(_ kind: Kind, code: String?, status: Int) -> String {
        if kind == .client, (100..<400).contains(status) {
            // A redirect, which is never followed: it would take the signature elsewhere.
            return " (the service does not answer so: check --endpoint-url, and proxies on the way)"
        }
        guard kind == .credentials else { return "" }
        switch code {
        case "ExpiredToken", "ExpiredTokenException", "RequestExpired":
            return " (the credentials have expired: get new ones)"
        case "AccessDenied", "AccessDeniedException":
            return " (the credentials are known but may not do this: check their policy)"
        case "RequestTimeTooSkewed":
            return " (check this machine's clock)"
        default:
            return " (check the credentials, the region and this machine's clock)"
        }
    }

    private static let throttlingCodes: Set<String> = [
        "ThrottlingException", "Throttling", "ThrottledException", "RequestThrottled",
        "RequestThrottledException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown",
        "BandwidthLimitExceeded", "LimitExceededException", "PriorRequestNotComplete",
    ]
    // CloudFormation says 400 for a stack that exists.
    private static let conflictCodes: Set<String> = ["AlreadyExistsException", "OperationInProgress"]
    private static let credentialsCodes: Set<String> = [
        "AccessDenied", "AccessDeniedException", "ExpiredToken", "ExpiredTokenException",
        "IncompleteSignature", "IncompleteSignatureException", "InvalidAccessKeyId",
        "InvalidClientTokenId", "InvalidSignatureException", "MissingAuthenticationToken",
        "MissingAuthenticationTokenException", "NotAuthorized", "OptInRequired", "RequestExpired",
        "RequestTimeTooSkewed", "SignatureDoesNotMatch", "UnrecognizedClientException",
    ]
}
