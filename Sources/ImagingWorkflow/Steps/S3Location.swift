/// `s3://bucket/prefix` taken apart.
package struct S3Location: Hashable, Sendable, CustomStringConvertible {
    package let bucket: String
    /// Without a slash in front; may be empty.
    package let prefix: String

    package init(bucket: String, prefix: String) {
        self.bucket = bucket
        self.prefix = prefix
    }

    /// Nil unless `text` is an S3 URI with a bucket.
    package init?(_ text: String) {
        guard text.hasPrefix("s3://") else { return nil }
        let rest = text.dropFirst(5)
        let bucket = rest.prefix { $0 != "/" }
        guard ResourceNames.isBucketName(String(bucket)) else { return nil }
        self.bucket = String(bucket)
        prefix = String(rest.dropFirst(bucket.count + 1))
    }

    package var description: String { "s3://\(bucket)/\(prefix)" }

    /// The same with a slash at the end, as a folder.
    package var asFolder: S3Location {
        prefix.isEmpty || prefix.hasSuffix("/") ? self : S3Location(bucket: bucket, prefix: prefix + "/")
    }
}
