import Foundation
import FrameEngine

/// Buckets and their settings.
extension S3API {
    func listBuckets(_ request: S3Request) throws(S3Error) -> APIResponse {
        let prefix = try request.parameter("prefix") ?? ""
        // Built-in buckets are somebody else's: they are read and not listed, as public buckets are.
        let records = try stored { () throws(BucketError) in try buckets.own.buckets() }
            .filter { ObjectKey.has($0.name, prefix: prefix) }
        return xml("ListAllMyBucketsResult") { xml in
            xml.group("Owner") { xml in xml.element("ID", ownerID) }
            xml.group("Buckets") { xml in
                for record in records {
                    xml.group("Bucket") { xml in
                        xml.element("Name", record.name)
                        xml.element("CreationDate", WireDates.iso8601(record.createdAt))
                        xml.element("BucketRegion", record.region ?? region)
                    }
                }
            }
        }
    }

    func createBucket(_ request: S3Request) throws(S3Error) -> APIResponse {
        var wanted: String?
        if !request.head.body.isEmpty {
            wanted = try body(request, "CreateBucketConfiguration").text("LocationConstraint")
        }
        if request.field("x-amz-bucket-object-lock-enabled")?.lowercased() == "true" {
            throw .notImplemented("object lock")
        }
        guard try !stored({ () throws(BucketError) in try buckets.isReadOnly(request.bucket) }) else {
            throw S3Error(409, "BucketAlreadyExists", "The requested bucket name is not available.")
        }
        let place = wanted.flatMap { $0.isEmpty ? nil : $0 } ?? "us-east-1"
        try stored { () throws(BucketError) in
            _ = try buckets.own.createBucket(request.bucket, region: place)
        }
        return empty(200, [HTTPField("location", "/" + request.bucket)])
    }

    func deleteBucket(_ request: S3Request) throws(S3Error) -> APIResponse {
        try requireWritable(request.bucket)
        try stored { () throws(BucketError) in try buckets.own.deleteBucket(request.bucket) }
        return empty(204)
    }

    func headBucket(_ request: S3Request) throws(S3Error) -> APIResponse {
        let record = try require(request.bucket)
        return empty(200, [HTTPField("x-amz-bucket-region", record.region ?? region)])
    }

    func getLocation(_ request: S3Request) throws(S3Error) -> APIResponse {
        let place = try require(request.bucket).region ?? region
        var text = XMLText()
        text.group("LocationConstraint", namespace: Self.namespace) { text in
            // The first region of all has no name here.
            if place != "us-east-1" { text.append(place) }
        }
        return APIResponse(contentType: "application/xml", body: .bytes(.init(string: text.text)))
    }

    func versioning(_ request: S3Request, isPut: Bool) throws(S3Error) -> APIResponse {
        try require(request.bucket)
        guard isPut else { return xml("VersioningConfiguration") { _ in } }
        try requireWritable(request.bucket)
        guard try body(request, "VersioningConfiguration").text("Status") == "Suspended" else {
            throw .notImplemented("keeping versions of objects")
        }
        return empty()
    }

    func absentSetting(_ request: S3Request, _ code: String) throws(S3Error) -> APIResponse {
        try require(request.bucket)
        throw S3Error(404, code, "The bucket has no such configuration")
    }

    // MARK: Tags

    func getBucketTagging(_ request: S3Request) throws(S3Error) -> APIResponse {
        let tags = try require(request.bucket).tags
        guard !tags.isEmpty else { throw S3Error(404, "NoSuchTagSet", "The TagSet does not exist") }
        return tagging(tags)
    }

    func setBucketTagging(_ request: S3Request, isDeletion: Bool) throws(S3Error) -> APIResponse {
        try requireWritable(request.bucket)
        let tags = isDeletion ? [:] : try sentTags(request, limit: 50)
        try stored { () throws(BucketError) in try buckets.own.setTags(tags, ofBucket: request.bucket) }
        return empty(204)
    }

    func getObjectTagging(_ request: S3Request) throws(S3Error) -> APIResponse {
        tagging(try object(request).properties.tags)
    }

    func setObjectTagging(_ request: S3Request, isDeletion: Bool) throws(S3Error) -> APIResponse {
        try requireWritable(request.bucket)
        try request.checkVersion()
        let tags = isDeletion ? [:] : try sentTags(request, limit: 10)
        try stored { () throws(BucketError) in
            try buckets.own.setTags(tags, bucket: request.bucket, key: request.key)
        }
        return empty(isDeletion ? 204 : 200)
    }

    private func tagging(_ tags: [String: String]) -> APIResponse {
        xml("Tagging") { xml in
            xml.group("TagSet") { xml in
                for (key, value) in tags.sorted(by: { $0.key < $1.key }) {
                    xml.group("Tag") { xml in
                        xml.element("Key", key)
                        xml.element("Value", value)
                    }
                }
            }
        }
    }

    private func sentTags(_ request: S3Request, limit: Int) throws(S3Error) -> [String: String] {
        guard let set = try body(request, "Tagging")["TagSet"] else { throw .malformedXML }
        var tags: [String: String] = [:]
        for tag in set.all("Tag") {
            guard let key = tag.text("Key"), let value = tag.text("Value") else { throw .malformedXML }
            try Self.add((key, value), to: &tags, limit: limit)
        }
        return tags
    }

    /// Adds a tag where S3 would (S3 user guide, "Categorizing your storage using tags").
    static func add(
        _ tag: (key: String, value: String), to tags: inout [String: String], limit: Int
    ) throws(S3Error) {
        guard (1...128).contains(tag.key.count), tag.value.count <= 256, tags[tag.key] == nil,
            tags.count < limit
        else {
            throw S3Error(
                400, "InvalidTag",
                "a tag's key has 1 to 128 characters and its value 256 at most, no key stands twice, and there "
                    + "are \(limit) tags at most")
        }
        tags[tag.key] = tag.value
    }
}
