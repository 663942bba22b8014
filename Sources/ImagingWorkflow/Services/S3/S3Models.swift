import FrameEngine

/// An object as a listing tells of it.
package struct S3Object: Hashable, Sendable {
    package let key: String
    /// In bytes.
    package let size: Int
    /// Without quotes; MD5 in hex where the object was put in one piece and is not encrypted with a KMS key.
    package let etag: String

    package init(key: String, size: Int, etag: String) {
        self.key = key
        self.size = size
        self.etag = etag
    }
}

/// One version of an object, or a delete marker.
package struct S3ObjectVersion: Hashable, Sendable {
    package let key: String
    /// `null` in buckets that never had versions.
    package let versionID: String
    package let isDeleteMarker: Bool

    package init(key: String, versionID: String, isDeleteMarker: Bool = false) {
        self.key = key
        self.versionID = versionID
        self.isDeleteMarker = isDeleteMarker
    }
}

/// What the head of an object tells.
package struct S3ObjectHead: Hashable, Sendable {
    /// In bytes.
    package let size: Int
    /// Without quotes.
    package let etag: String
    package let contentType: String?

    init(_ response: HTTPResponse) {
        size = response.field("Content-Length").flatMap { Int($0) } ?? 0
        etag = Self.plainETag(response.field("ETag"))
        contentType = response.field("Content-Type")
    }

    /// An ETag without its quotes; empty where there is none.
    static func plainETag(_ text: String?) -> String {
        guard let text else { return "" }
        return text.replacing("\"", with: "")
    }
}

/// An object that DeleteObjects did not delete.
package struct S3DeletionFailure: Hashable, Sendable {
    package let key: String
    /// S3's word for it, such as `AccessDenied`.
    package let code: String
    package let message: String
}
