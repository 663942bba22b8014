import Foundation
import FrameEngine

/// ListObjects, ListObjectsV2 and ListObjectVersions.
extension S3API {
    /// What the three lists are asked for alike.
    private struct Question {
        let prefix: String
        let delimiter: String?
        let limit: Int
        let isEncoded: Bool

        init(_ request: S3Request) throws(S3Error) {
            prefix = try request.parameter("prefix") ?? ""
            delimiter = try request.parameter("delimiter")
            limit = min(try request.number("max-keys", in: 0...Int(Int32.max)) ?? 1000, 1000)
            let encoding = try request.parameter("encoding-type")
            guard encoding == nil || encoding == "url" else {
                throw .invalidArgument("Invalid Encoding Method specified in Request")
            }
            isEncoded = encoding != nil
        }

        /// A key as the answer has it.
        func text(_ key: String) -> String {
            isEncoded ? PercentEncoding.encode(key, keepsSlash: true) : key
        }

        func write(to xml: inout XMLText) {
            xml.element("Prefix", text(prefix))
            if let delimiter, !delimiter.isEmpty { xml.element("Delimiter", text(delimiter)) }
            xml.element("MaxKeys", limit)
            if isEncoded { xml.element("EncodingType", "url") }
        }

        func write(_ prefixes: [String], to xml: inout XMLText) {
            for prefix in prefixes {
                xml.group("CommonPrefixes") { xml in xml.element("Prefix", text(prefix)) }
            }
        }
    }

    func listObjects(_ request: S3Request) throws(S3Error) -> APIResponse {
        let question = try Question(request)
        let marker = try request.parameter("marker")
        let listing = try listing(
            request, question,
            after: marker.map { ObjectListing.Position(marker: $0, delimiter: question.delimiter) })
        return xml("ListBucketResult") { xml in
            xml.element("Name", request.bucket)
            question.write(to: &xml)
            xml.element("Marker", question.text(marker ?? ""))
            xml.element("IsTruncated", listing.isTruncated)
            if listing.isTruncated, question.delimiter != nil {
                xml.element("NextMarker", listing.entries.last.map { question.text($0.text) })
            }
            for object in listing.objects { write(object, question, withOwner: true, to: &xml) }
            question.write(listing.prefixes, to: &xml)
        }
    }

    func listObjectsV2(_ request: S3Request) throws(S3Error) -> APIResponse {
        let question = try Question(request)
        let start = try request.parameter("start-after")
        let token = try request.parameter("continuation-token")
        var after = start.map { ObjectListing.Position(marker: $0, delimiter: question.delimiter) }
        if let token {
            guard let position = ObjectListing.Position(token: token) else {
                throw .invalidArgument("The continuation token provided is incorrect")
            }
            after = position
        }
        let withOwner = try request.parameter("fetch-owner") == "true"
        let listing = try listing(request, question, after: after)
        return xml("ListBucketResult") { xml in
            xml.element("Name", request.bucket)
            question.write(to: &xml)
            xml.element("KeyCount", listing.entries.count)
            xml.element("IsTruncated", listing.isTruncated)
            xml.element("ContinuationToken", token)
            xml.element("NextContinuationToken", listing.next?.token)
            xml.element("StartAfter", start.map(question.text))
            for object in listing.objects { write(object, question, withOwner: withOwner, to: &xml) }
            question.write(listing.prefixes, to: &xml)
        }
    }

    func listObjectVersions(_ request: S3Request) throws(S3Error) -> APIResponse {
        let question = try Question(request)
        let marker = try request.parameter("key-marker")
        let versionMarker = try request.parameter("version-id-marker")
        guard versionMarker == nil || marker != nil else {
            throw .invalidArgument("A version-id marker cannot be specified without a key marker.")
        }
        let listing = try listing(
            request, question,
            after: marker.map { ObjectListing.Position(marker: $0, delimiter: question.delimiter) })
        return xml("ListVersionsResult") { xml in
            xml.element("Name", request.bucket)
            question.write(to: &xml)
            xml.element("KeyMarker", question.text(marker ?? ""))
            xml.element("VersionIdMarker", versionMarker ?? "")
            xml.element("IsTruncated", listing.isTruncated)
            if listing.isTruncated {
                xml.element("NextKeyMarker", listing.entries.last.map { question.text($0.text) })
                if case .object? = listing.entries.last { xml.element("NextVersionIdMarker", "null") }
            }
            for object in listing.objects {
                xml.group("Version") { xml in
                    writeContent(of: object, question, to: &xml)
                    xml.element("VersionId", "null")
                    xml.element("IsLatest", true)
                    writeOwner(to: &xml)
                }
            }
            question.write(listing.prefixes, to: &xml)
        }
    }

    private func listing(
        _ request: S3Request, _ question: Question, after: ObjectListing.Position?
    ) throws(S3Error) -> ObjectListing {
        try require(request.bucket)
        return try stored { () throws(BucketError) in
            try ObjectListing(
                of: buckets, bucket: request.bucket, prefix: question.prefix,
                delimiter: question.delimiter, after: after, limit: question.limit)
        }
    }

    private func write(_ object: ObjectRecord, _ question: Question, withOwner: Bool, to xml: inout XMLText) {
        xml.group("Contents") { xml in
            writeContent(of: object, question, to: &xml)
            if withOwner { writeOwner(to: &xml) }
        }
    }

    private func writeContent(of object: ObjectRecord, _ question: Question, to xml: inout XMLText) {
        xml.element("Key", question.text(object.key))
        xml.element("LastModified", WireDates.iso8601(object.lastModified))
        xml.element("ETag", quoted(object.eTag))
        xml.element("Size", object.size)
        xml.element("StorageClass", "STANDARD")
    }

    private func writeOwner(to xml: inout XMLText) {
        xml.group("Owner") { xml in xml.element("ID", ownerID) }
    }
}
