import Foundation
import FrameEngine

/// Uploads in parts.
extension S3API {
    func createUpload(_ request: S3Request) throws(S3Error) -> APIResponse {
        try requireWritable(request.bucket)
        let properties = try S3Properties.read(request)
        let upload = try stored { () throws(BucketError) in
            try buckets.own.createUpload(bucket: request.bucket, key: request.key, properties: properties)
        }
        return xml("InitiateMultipartUploadResult") { xml in
            xml.element("Bucket", request.bucket)
            xml.element("Key", request.key)
            xml.element("UploadId", upload.id.description)
        }
    }

    /// The upload that the query names.
    func upload(_ request: S3Request) throws(S3Error) -> UploadRecord {
        let id = try request.parameter("uploadId") ?? ""
        return try stored { () throws(BucketError) in
            try buckets.own.upload(id, bucket: request.bucket, key: request.key)
        }
    }

    func partNumber(_ request: S3Request) throws(S3Error) -> Int {
        guard let number = try request.number("partNumber", in: 1...BucketStore.partLimit) else {
            throw .invalidArgument("Part number must be an integer between 1 and 10000, inclusive")
        }
        return number
    }

    func uploadPartCopy(_ request: S3Request) throws(S3Error) -> APIResponse {
        let upload = try upload(request)
        let number = try partNumber(request)
        let source = try copySource(request)
        var wanted: Range<Int>?
        if let field = request.field("x-amz-copy-source-range") {
            guard field.hasPrefix("bytes="),
                let range = try Self.range(field.dropFirst(6), size: source.size)
            else {
                throw .invalidArgument(
                    "The x-amz-copy-source-range value must be of the form bytes=first-last")
            }
            wanted = range
        }
        let range = wanted
        let part = try stored { () throws(BucketError) in
            let writer = try buckets.own.beginObject(bucket: request.bucket, key: request.key)
            try writer.append(source, from: buckets, range: range)
            return try buckets.own.add(writer, to: upload, number: number)
        }
        return xml("CopyPartResult") { xml in
            xml.element("LastModified", WireDates.iso8601(Date(timeIntervalSince1970: part.lastModified)))
            xml.element("ETag", quoted(part.eTag))
        }
    }

    func listParts(_ request: S3Request) throws(S3Error) -> APIResponse {
        let upload = try upload(request)
        let limit = min(try request.number("max-parts", in: 0...Int(Int32.max)) ?? 1000, 1000)
        let marker = try request.number("part-number-marker", in: 0...Int(Int32.max)) ?? 0
        let parts = try stored { () throws(BucketError) in try buckets.own.parts(of: upload) }
            .filter { $0.number > marker }
        let page = parts.prefix(limit)
        return xml("ListPartsResult") { xml in
            xml.element("Bucket", request.bucket)
            xml.element("Key", request.key)
            xml.element("UploadId", upload.id.description)
            xml.element("PartNumberMarker", marker)
            xml.element("NextPartNumberMarker", page.last?.number ?? 0)
            xml.element("MaxParts", limit)
            xml.element("IsTruncated", parts.count > limit && limit > 0)
            for part in page {
                xml.group("Part") { xml in
                    xml.element("PartNumber", part.number)
                    xml.element(
                        "LastModified", WireDates.iso8601(Date(timeIntervalSince1970: part.lastModified)))
                    xml.element("ETag", quoted(part.eTag))
                    xml.element("Size", part.size)
                }
            }
            xml.element("StorageClass", "STANDARD")
        }
    }

    func listUploads(_ request: S3Request) throws(S3Error) -> APIResponse {
        let prefix = try request.parameter("prefix") ?? ""
        guard try request.parameter("delimiter") == nil else {
            throw .notImplemented("a delimiter for uploads")
        }
        try require(request.bucket)
        guard try !stored({ () throws(BucketError) in try buckets.isReadOnly(request.bucket) }) else {
            throw S3Error(.readOnly(request.bucket))
        }
        let uploads = try stored { () throws(BucketError) in try buckets.own.uploads(bucket: request.bucket) }
            .filter { ObjectKey.has($0.key, prefix: prefix) }
        let isEncoded = try request.parameter("encoding-type") == "url"
        return xml("ListMultipartUploadsResult") { xml in
            xml.element("Bucket", request.bucket)
            xml.element("Prefix", prefix)
            xml.element("IsTruncated", false)
            if isEncoded { xml.element("EncodingType", "url") }
            for upload in uploads {
                xml.group("Upload") { xml in
                    xml.element(
                        "Key", isEncoded ? PercentEncoding.encode(upload.key, keepsSlash: true) : upload.key)
                    xml.element("UploadId", upload.id.description)
                    xml.element("StorageClass", "STANDARD")
                    xml.element("Initiated", WireDates.iso8601(upload.initiatedAt))
                }
            }
        }
    }

    func completeUpload(_ request: S3Request) throws(S3Error) -> APIResponse {
        let upload = try upload(request)
        var parts: [(number: Int, eTag: String)] = []
        for part in try body(request, "CompleteMultipartUpload").all("Part") {
            guard let number = part.text("PartNumber").flatMap({ Int($0.trimmingBlanks) }),
                let eTag = part.text("ETag")
            else { throw .malformedXML }
            parts.append((number, eTag.filter { $0 != "\"" }.trimmingBlanks))
        }
        guard (1...BucketStore.partLimit).contains(parts.count) else { throw .malformedXML }
        let named = parts
        let condition = try Self.condition(request)
        let object = try stored { () throws(BucketError) in
            try buckets.own.complete(upload, parts: named, if: condition)
        }
        let scheme = request.field("x-forwarded-proto") ?? "http"
        let location = "\(scheme)://\(request.field("host") ?? "localhost")\(request.head.path)"
        return xml("CompleteMultipartUploadResult") { xml in
            xml.element("Location", location)
            xml.element("Bucket", object.bucket)
            xml.element("Key", object.key)
            xml.element("ETag", quoted(object.eTag))
        }
    }

    func abortUpload(_ request: S3Request) throws(S3Error) -> APIResponse {
        let upload = try upload(request)
        try stored { () throws(BucketError) in try buckets.own.abort(upload) }
        return empty(204)
    }

    /// What a write is conditional on.
    static func condition(_ request: S3Request) throws(S3Error) -> ObjectWriter.Condition {
        if let none = request.field("if-none-match") {
            guard none == "*" else { throw .notImplemented("If-None-Match of an ETag for a write") }
            return .absent
        }
        guard let wanted = request.field("if-match") else { return .none }
        return .eTag(wanted.filter { $0 != "\"" })
    }
}
