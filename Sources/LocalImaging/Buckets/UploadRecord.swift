import Foundation
import FrameEngine

/// An object that is uploaded in parts.
package struct UploadRecord: Hashable, Sendable {
    package let id: HealthImagingID
    package let bucket: String
    package let key: String
    package let properties: ObjectProperties
    package let initiatedAt: Date
}

/// One uploaded part.
package struct PartRecord: Codable, Hashable, Sendable {
    /// 1 to 10,000.
    package let number: Int
    /// In bytes.
    package let size: Int
    /// The MD5 of its bytes in hexadecimal.
    package let eTag: String
    /// Seconds since 1970.
    package let lastModified: Double
    /// The name of the file with its bytes.
    let data: String
}

/// `upload.json`.
struct UploadFile: Codable {
    var key: String
    var properties: ObjectProperties
    var initiatedAt: Double
}
