import FrameEngine

/// Reads what a client says of an object in the fields of a request.
enum S3Properties {
    /// The fields that are kept with an object and told again.
    private static let kept = [
        "cache-control", "content-disposition", "content-encoding", "content-language", "expires",
    ]

    /// The fields of an answer that a query can set (`response-…`).
    static let overridable = ["content-type"] + kept

    /// Names and values of user metadata together (S3 user guide, "Working with object metadata").
    private static let metadataLimitInBytes = 2048

    static func read(_ request: S3Request) throws(S3Error) -> ObjectProperties {
        try refuseUnknown(request)
        var properties = ObjectProperties(contentType: request.field("content-type"))
        for name in kept {
            guard var value = request.field(name) else { continue }
            if name == "content-encoding" {
                // `aws-chunked` is how the request was sent, not what the object is.
                value = value.split(separator: ",").map { $0.trimmingBlanks }.filter { $0 != "aws-chunked" }
                    .joined(separator: ",")
            }
            if !value.isEmpty { properties.fields[name] = value }
        }
        var size = 0
        for field in request.head.fields {
            let name = field.name.lowercased()
            guard name.hasPrefix("x-amz-meta-") else { continue }
            let short = String(name.dropFirst(11))
            properties.metadata[short] =
                properties.metadata[short].map { $0 + "," + field.value } ?? field.value
            size += short.utf8.count + field.value.utf8.count
        }
        guard size <= metadataLimitInBytes else {
            throw S3Error(
                400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
        }
        if let text = request.field("x-amz-tagging") {
            for pair in FormFields.pairs(text) { try S3API.add(pair, to: &properties.tags, limit: 10) }
        }
        return properties
    }

    /// What would change the object's protection in a way that this server cannot: refused rather than forgotten.
    private static func refuseUnknown(_ request: S3Request) throws(S3Error) {
        if let acl = request.field("x-amz-acl"), acl != "private", acl != "bucket-owner-full-control" {
            throw S3Error(400, "AccessControlListNotSupported", "The bucket does not allow ACLs")
        }
        for field in request.head.fields {
            let name = field.name.lowercased()
            if name.hasPrefix("x-amz-grant-") {
                throw S3Error(400, "AccessControlListNotSupported", "The bucket does not allow ACLs")
            }
            if name.hasPrefix("x-amz-server-side-encryption-customer-")
                || name.hasPrefix("x-amz-copy-source-server-side-encryption-customer-")
            {
                throw .notImplemented("encryption with a key of the client's")
            }
            if name.hasPrefix("x-amz-object-lock-") { throw .notImplemented("object lock") }
        }
        if let encryption = request.field("x-amz-server-side-encryption"), encryption != "AES256" {
            throw .notImplemented("encryption by \(encryption)")
        }
    }
}

extension StringProtocol {
    /// Without the blanks and tabs at both ends.
    var trimmingBlanks: String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(String(drop(while: isBlank).reversed().drop(while: isBlank)).reversed())
    }
}
