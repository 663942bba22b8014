import Crypto

extension SigV4 {
    /// An `Authorization` header of this scheme, taken apart: the server's side.
    public struct Authorization: Hashable, Sendable {
        public let accessKeyID: String
        public let scope: Scope
        /// Names of the signed fields, lower case, in the header's order.
        public let signedHeaders: [String]
        /// 64 hex digits as the client sent them.
        public let signature: String

        /// Reads `AWS4-HMAC-SHA256 Credential=…/day/region/service/aws4_request, SignedHeaders=a;b, Signature=…`.
        ///
        /// Nil for another scheme, a missing part or a malformed scope.
        public init?(parsing header: String) {
            guard header.hasPrefix(SigV4.algorithm + " ") else { return nil }
            var parts: [Substring: Substring] = [:]
            for part in header.dropFirst(SigV4.algorithm.count + 1).split(separator: ",") {
                let pair = part.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
                guard pair.count == 2 else { return nil }
                parts[pair[0]] = pair[1]
            }
            guard let credential = parts["Credential"], let headers = parts["SignedHeaders"],
                let signature = parts["Signature"], signature.utf8.count == 64
            else { return nil }
            let fields = credential.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard fields.count >= 5, fields.last == "aws4_request", fields.allSatisfy({ !$0.isEmpty }) else {
                return nil
            }
            accessKeyID = fields[..<(fields.count - 4)].joined(separator: "/")
            scope = Scope(
                day: fields[fields.count - 4], region: fields[fields.count - 3],
                service: fields[fields.count - 2])
            signedHeaders = headers.split(separator: ";").map { $0.lowercased() }
            self.signature = String(signature)
        }

        /// Whether the signature is right for this request under `secretAccessKey`.
        ///
        /// The caller still decides whether the access key, the scope and the age of `timestamp` are acceptable, and
        /// whether `host` is among the signed headers. The comparison takes the same time wherever a difference is.
        ///
        /// - Parameters:
        ///   - timestamp: the request's `x-amz-date`.
        ///   - fields: all fields of the request as received, `Host` included.
        public func isValid(
            secretAccessKey: String, timestamp: String, method: String, path: String, query: String,
            fields: [HTTPField], payloadHash: String, pathStyle: PathStyle = .encodedTwice
        ) -> Bool {
            let request = SigV4.canonicalRequest(
                method: method, path: path, query: query, fields: fields, signedHeaders: signedHeaders,
                payloadHash: payloadHash, pathStyle: pathStyle)
            let text = SigV4.stringToSign(timestamp: timestamp, scope: scope, canonicalRequest: request)
            let key = SigV4.signingKey(secretAccessKey: secretAccessKey, scope: scope)
            return SigV4.isEqualInConstantTime(SigV4.signature(of: text, key: key), signature)
        }
    }

    /// Compares in a time that depends on the lengths alone.
    public static func isEqualInConstantTime(_ first: String, _ second: String) -> Bool {
        let first = Array(first.utf8)
        let second = Array(second.utf8)
        guard first.count == second.count else { return false }
        var difference: UInt8 = 0
        for index in first.indices { difference |= first[index] ^ second[index] }
        return difference == 0
    }
}
