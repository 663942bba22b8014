/// A bucket and a prefix of keys, as import jobs name them: `s3://bucket/prefix`.
struct S3Location: Hashable, Sendable {
    let bucket: String
    /// Empty for the whole bucket.
    let prefix: String

    /// Nil where `uri` does not have the form of the API model, `s3://[a-z0-9][\.\-a-z0-9]{1,61}[a-z0-9](/.*)?`, of 1,024
    /// characters at most.
    init?(_ uri: String) {
        guard uri.hasPrefix("s3://"), uri.unicodeScalars.count <= 1024 else { return nil }
        let rest = uri.dropFirst(5)
        let end = rest.firstIndex(of: "/") ?? rest.endIndex
        bucket = String(rest[..<end])
        prefix = end < rest.endIndex ? String(rest[rest.index(after: end)...]) : ""
        guard BucketName.isValid(bucket) else { return nil }
    }

    init(bucket: String, prefix: String) {
        self.bucket = bucket
        self.prefix = prefix
    }

    /// As a folder: with a slash at its end, unless it is the whole bucket.
    var folderPrefix: String { prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/" }

    var uri: String { "s3://\(bucket)/\(prefix)" }
}
