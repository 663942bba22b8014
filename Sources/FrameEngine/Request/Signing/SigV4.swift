import Crypto

/// AWS Signature Version 4 in pieces: pure functions that the client signs with and a server verifies with.
///
/// The order of work (AWS Identity and Access Management user guide, "Create a signed AWS API request"):
/// `canonicalRequest` -> `stringToSign` -> `signature` under `signingKey`.
public enum SigV4 {
    /// The only algorithm of this scheme.
    public static let algorithm = "AWS4-HMAC-SHA256"

    /// SHA-256 of no bytes, in hex.
    public static let emptyPayloadHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    /// How the path enters the canonical request.
    public enum PathStyle: Sendable {
        /// Every service but S3: dot segments and repeated slashes removed, then percent-encoded once more.
        case encodedTwice
        /// S3: exactly as it goes over the wire.
        case asSent
    }

    /// What a signing key is good for: one day, region and service.
    public struct Scope: Hashable, Sendable, CustomStringConvertible {
        /// `yyyymmdd`, UTC.
        public let day: String
        public let region: String
        public let service: String

        public init(day: String, region: String, service: String) {
            self.day = day
            self.region = region
            self.service = service
        }

        /// `day/region/service/aws4_request`.
        public var description: String { "\(day)/\(region)/\(service)/aws4_request" }
    }

    /// The canonical request.
    ///
    /// - Parameters:
    ///   - path: as on the wire, percent-encoded.
    ///   - query: as on the wire, without the question mark.
    ///   - fields: every field of the request that is signed, `Host` included; others are ignored.
    ///   - signedHeaders: their names, lower case, sorted.
    ///   - payloadHash: SHA-256 of the body in lower-case hex, or S3's `UNSIGNED-PAYLOAD`.
    public static func canonicalRequest(
        method: String, path: String, query: String, fields: [HTTPField], signedHeaders: [String],
        payloadHash: String, pathStyle: PathStyle = .encodedTwice
    ) -> String {
        var text = method
        text.reserveCapacity(512 + path.utf8.count + query.utf8.count)
        text += "\n"
        text += canonicalPath(path, style: pathStyle)
        text += "\n"
        text += canonicalQuery(query)
        text += "\n"
        for name in signedHeaders {
            text += name
            text += ":"
            text += canonicalValue(of: name, in: fields)
            text += "\n"
        }
        text += "\n"
        text += signedHeaders.joined(separator: ";")
        text += "\n"
        text += payloadHash
        return text
    }

    /// The string that is signed. `timestamp` is the request's `x-amz-date`.
    public static func stringToSign(timestamp: String, scope: Scope, canonicalRequest: String) -> String {
        var text = algorithm
        text += "\n"
        text += timestamp
        text += "\n"
        text += scope.description
        text += "\n"
        text += payloadHash(of: canonicalRequest.utf8)
        return text
    }

    /// The key for one scope, derived from a secret access key.
    public static func signingKey(secretAccessKey: String, scope: Scope) -> SymmetricKey {
        var key = SymmetricKey(data: Array("AWS4\(secretAccessKey)".utf8))
        for part in [scope.day, scope.region, scope.service, "aws4_request"] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
        }
        return key
    }

    /// The signature: 64 lower-case hex digits.
    public static func signature(of stringToSign: String, key: SymmetricKey) -> String {
        hex(HMAC<SHA256>.authenticationCode(for: Array(stringToSign.utf8), using: key))
    }

    /// SHA-256 of `bytes` in lower-case hex.
    public static func payloadHash(of bytes: some Collection<UInt8>) -> String {
        if bytes.isEmpty { return emptyPayloadHash }
        var hash = SHA256()
        let done: Void? = bytes.withContiguousStorageIfAvailable { hash.update(bufferPointer: .init($0)) }
        if done == nil { hash.update(data: Array(bytes)) }
        return hex(hash.finalize())
    }

    /// The path as the canonical request has it.
    static func canonicalPath(_ path: String, style: PathStyle) -> String {
        guard !path.isEmpty else { return "/" }
        switch style {
        case .asSent: return path
        case .encodedTwice: return PercentEncoding.encode(removingDotSegments(path), keepsSlash: true)
        }
    }

    /// The query with names and values encoded strictly and sorted by code point, names before values.
    static func canonicalQuery(_ query: String) -> String {
        guard !query.isEmpty else { return "" }
        let pairs = query.split(separator: "&").map { pair -> (name: String, value: String) in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (
                PercentEncoding.normalize(parts[0]),
                parts.count == 2 ? PercentEncoding.normalize(parts[1]) : ""
            )
        }
        // Encoded text is ASCII, so String's order is the byte order that the scheme asks for.
        return pairs.sorted { $0.name == $1.name ? $0.value < $1.value : $0.name < $1.name }
            .map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }

    /// All values of a field in order, joined by commas, blanks trimmed and runs of them made one space.
    private static func canonicalValue(of name: String, in fields: [HTTPField]) -> String {
        var joined: String?
        for field in fields where field.name.utf8.elementsEqual(name.utf8, by: { $0 | 0x20 == $1 | 0x20 }) {
            let value = collapsingBlanks(field.value)
            joined = joined.map { "\($0),\(value)" } ?? value
        }
        return joined ?? ""
    }

    private static func collapsingBlanks(_ value: String) -> String {
        if !value.utf8.contains(where: { $0 == 0x20 || (9...13).contains($0) }) { return value }
        return value.utf8.split { $0 == 0x20 || (9...13).contains($0) }.map { String(Substring($0)) }
            .joined(separator: " ")
    }

    /// RFC 3986, 5.2.4, and repeated slashes made one.
    private static func removingDotSegments(_ path: String) -> String {
        let slash = UInt8(ascii: "/")
        // Nearly every path is clean: look at the bytes once before taking it apart.
        var previous = UInt8(0)
        let isClean = path.utf8.allSatisfy { byte in
            defer { previous = byte }
            return previous != slash || (byte != slash && byte != UInt8(ascii: "."))
        }
        if isClean, path.utf8.first == slash { return path }
        let segments = path.split(separator: "/", omittingEmptySubsequences: true)
        var kept: [Substring] = []
        for segment in segments where segment != "." {
            if segment == ".." { _ = kept.popLast() } else { kept.append(segment) }
        }
        let tail = path.hasSuffix("/") && !kept.isEmpty ? "/" : ""
        return (path.hasPrefix("/") ? "/" : "") + kept.joined(separator: "/") + tail
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        String(unsafeUninitializedCapacity: 64) { text in
            var count = 0
            for byte in bytes {
                text[count] = lowerHexDigits[Int(byte >> 4)]
                text[count + 1] = lowerHexDigits[Int(byte & 15)]
                count += 2
            }
            return count
        }
    }

    private static let lowerHexDigits = Array("0123456789abcdef".utf8)
}
