import Foundation

/// How UpdateImageSetMetadata is to change an image set.
public enum MetadataUpdate: Sendable, Hashable {
    /// JSON of the attributes to remove and of those to set (`{"SchemaVersion":…}`), each at most 30,000 bytes.
    case attributes(removing: [UInt8]? = nil, setting: [UInt8]? = nil)
    /// Back to what an earlier version was.
    case revert(toVersion: String)
}

extension MetadataUpdate: Encodable {
    private enum CodingKeys: String, CodingKey {
        case attributes = "DICOMUpdates"
        case version = "revertToVersionId"
    }

    private enum AttributeKeys: String, CodingKey {
        case removableAttributes, updatableAttributes
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .attributes(let removed, let new):
            var attributes = container.nestedContainer(keyedBy: AttributeKeys.self, forKey: .attributes)
            // Base64 is how the protocol writes bytes.
            let base64 = { (bytes: [UInt8]) in Data(bytes).base64EncodedString() }
            try attributes.encodeIfPresent(removed.map(base64), forKey: .removableAttributes)
            try attributes.encodeIfPresent(new.map(base64), forKey: .updatableAttributes)
        case .revert(let version):
            try container.encode(version, forKey: .version)
        }
    }
}
