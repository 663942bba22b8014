import Foundation

/// An object in a bucket, without its bytes. Never changes; a new put makes a new record.
package struct ObjectRecord: Hashable, Sendable {
    package let bucket: String
    package let key: String
    /// In bytes.
    package let size: Int
    /// Without quotation marks: the MD5 of the bytes in hexadecimal, or `<MD5 of the MD5s>-<parts>` of an upload in parts.
    package let eTag: String
    package let lastModified: Date
    /// What was sent with the object.
    package let properties: ObjectProperties
    /// Where the bytes lie; what that means is the source's own affair.
    package let location: String

    package init(
        bucket: String, key: String, size: Int, eTag: String, lastModified: Date,
        properties: ObjectProperties = ObjectProperties(), location: String
    ) {
        self.bucket = bucket
        self.key = key
        self.size = size
        self.eTag = eTag
        self.lastModified = lastModified
        self.properties = properties
        self.location = location
    }

    package var contentType: String? { properties.contentType }
}

/// What a client may say of an object, and is told again when it reads it.
package struct ObjectProperties: Codable, Hashable, Sendable {
    package var contentType: String?
    /// Other header fields that S3 keeps, lower case: `cache-control`, `content-encoding`…
    package var fields: [String: String]
    /// `x-amz-meta-*` without that prefix, lower case.
    package var metadata: [String: String]
    package var tags: [String: String]
    /// Checksums that the client sent and that were right, base64 by algorithm: `crc32`, `sha256`…
    package var checksums: [String: String]

    package init(
        contentType: String? = nil, fields: [String: String] = [:], metadata: [String: String] = [:],
        tags: [String: String] = [:], checksums: [String: String] = [:]
    ) {
        self.contentType = contentType
        self.fields = fields
        self.metadata = metadata
        self.tags = tags
        self.checksums = checksums
    }
}

/// A part of a list of objects, in the order of the keys' bytes.
package struct ObjectPage: Hashable, Sendable {
    package let objects: [ObjectRecord]
    /// Whether there are more behind the last one.
    package let isTruncated: Bool

    package init(objects: [ObjectRecord], isTruncated: Bool) {
        self.objects = objects
        self.isTruncated = isTruncated
    }
}

/// The record of an object on the disk.
struct ObjectFile: Codable {
    var key: String
    var size: Int
    var eTag: String
    var lastModified: Double
    var properties: ObjectProperties
    /// The name of the file with the bytes.
    var data: String

    func record(bucket: String, location: String) -> ObjectRecord {
        ObjectRecord(
            bucket: bucket, key: key, size: size, eTag: eTag,
            lastModified: Date(timeIntervalSince1970: lastModified), properties: properties,
            location: location)
    }
}
