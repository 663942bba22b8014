import Foundation
import FrameEngine

/// ListTagsForResource, TagResource, UntagResource.
extension HealthImagingAPI {
    private struct Tags: Codable { var tags: [String: String] }
    private struct Nothing: Encodable {}

    /// What AWS allows on one resource.
    private static let tagLimit = 50

    func listTags(_ arn: String) throws(APIError) -> APIResponse {
        let resource = try Self.resource(arn)
        let tags = try stored { () throws(StoreError) in try store.tags(of: resource) }
        return .json(Tags(tags: tags))
    }

    func tag(_ arn: String, _ request: APIRequest) throws(APIError) -> APIResponse {
        let resource = try Self.resource(arn)
        let added = try decode(Tags.self, request).tags
        try Self.checkTags(added)
        let present = try stored { () throws(StoreError) in try store.tags(of: resource) }
        guard Set(present.keys).union(added.keys).count <= Self.tagLimit else {
            throw .validation("a resource has at most \(Self.tagLimit) tags")
        }
        try stored { () throws(StoreError) in
            try store.updateTags(of: resource) { $0.merge(added) { $1 } }
        }
        return .json(Nothing())
    }

    func untag(_ arn: String, _ request: APIRequest) throws(APIError) -> APIResponse {
        let resource = try Self.resource(arn)
        let keys = request.parameters("tagKeys")
        guard keys.count <= 200 else { throw .validation("tagKeys names more than 200 keys") }
        try stored { () throws(StoreError) in
            try store.updateTags(of: resource) { tags in
                for key in keys { tags[key] = nil }
            }
        }
        return .json(Nothing())
    }

    /// The resource that an ARN of the API's pattern names, in whatever partition, region and account.
    static func resource(_ arn: String) throws(APIError) -> TaggedResource {
        let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
        let partitions = ["aws", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-cn"]
        guard parts.count == 6, parts[0] == "arn", partitions.contains(String(parts[1])),
            parts[2] == "medical-imaging", !parts[3].isEmpty, parts[4].utf8.count == 12,
            parts[4].utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { throw .validation("the resource's ARN is malformed") }
        let path = parts[5].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if path.count == 2, path[0] == "datastore", let datastore = HealthImagingID(path[1]) {
            return .datastore(datastore)
        }
        if path.count == 4, path[0] == "datastore", path[2] == "imageset",
            let datastore = HealthImagingID(path[1]), let imageSet = HealthImagingID(path[3])
        {
            return .imageSet(datastore: datastore, id: imageSet)
        }
        throw .validation("the resource's ARN is malformed")
    }

    /// The model's patterns: keys `(?!aws:)[a-zA-Z+-=._:/]+` (the range + to = holds digits) of 1-128, values of 0-256.
    static func checkTags(_ tags: [String: String]) throws(APIError) {
        for (key, value) in tags {
            let isAllowed = key.utf8.allSatisfy { byte in
                (UInt8(ascii: "+")...UInt8(ascii: "=")).contains(byte) || byte == UInt8(ascii: "_")
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            }
            guard isAllowed, (1...128).contains(key.utf8.count), !key.hasPrefix("aws:") else {
                throw .validation("a tag's key must be 1 to 128 of a-z A-Z 0-9 + - = . _ : /, not aws:…")
            }
            guard value.count <= 256 else { throw .validation("a tag's value is longer than 256 characters") }
        }
    }
}
