import Foundation
import FrameEngine
import NIOCore

/// GetObject, HeadObject, DeleteObject, DeleteObjects and CopyObject.
extension S3API {
    func getObject(_ request: S3Request) throws(S3Error) -> APIResponse {
        // The object may be replaced between the look at its record and the opening of its file.
        for _ in 0..<8 {
            let object = try object(request)
            if let answer = try preconditions(request, object) { return answer }
            let range = try range(of: request, size: object.size)
            guard let file = try open(object) else { continue }
            let part = range ?? 0..<object.size
            guard file.size == object.size else {
                throw S3Error(.storage(.damaged(path: object.location, reason: "it does not have its size")))
            }
            var response = APIResponse(
                status: range == nil ? 200 : 206, contentType: "", body: .part(file, part))
            response.fields = try fields(of: object, request, range: range)
            return response
        }
        throw S3Error(503, "SlowDown", "the object is replaced too often; try again")
    }

    func headObject(_ request: S3Request) throws(S3Error) -> APIResponse {
        let object = try object(request)
        if let answer = try preconditions(request, object) { return answer }
        let range = try range(of: request, size: object.size)
        var fields = try fields(of: object, request, range: range)
        fields.append(HTTPField("content-length", String(range?.count ?? object.size)))
        return empty(range == nil ? 200 : 206, fields)
    }

    func deleteObject(_ request: S3Request) throws(S3Error) -> APIResponse {
        try requireWritable(request.bucket)
        try request.checkVersion()
        try stored { () throws(BucketError) in
            try buckets.own.delete(bucket: request.bucket, key: request.key)
        }
        return empty(204)
    }

    func deleteObjects(_ request: S3Request) throws(S3Error) -> APIResponse {
        try require(request.bucket)
        let body = try body(request, "Delete")
        let named = body.all("Object")
        guard (1...1000).contains(named.count) else { throw .malformedXML }
        let isQuiet = body.text("Quiet") == "true"
        var deleted: [(key: String, version: String?)] = []
        var failed: [(key: String, error: S3Error)] = []
        for object in named {
            guard let key = object.text("Key") else { throw .malformedXML }
            let version = object.text("VersionId")
            do throws(S3Error) {
                guard version == nil || version == "null" else {
                    throw S3Error(404, "NoSuchVersion", "The specified version does not exist.")
                }
                try requireWritable(request.bucket)
                try stored { () throws(BucketError) in
                    guard ObjectKey.isValid(key) else { throw .invalidKey }
                    try buckets.own.delete(bucket: request.bucket, key: key)
                }
                deleted.append((key, version))
            } catch {
                failed.append((key, error))
            }
        }
        var response = xml("DeleteResult") { xml in
            for (key, version) in deleted where !isQuiet {
                xml.group("Deleted") { xml in
                    xml.element("Key", key)
                    xml.element("VersionId", version)
                }
            }
            for (key, error) in failed {
                xml.group("Error") { xml in
                    xml.element("Key", key)
                    xml.element("Code", error.code)
                    xml.element("Message", error.message)
                }
            }
        }
        response.failure = failed.compactMap(\.error.cause).first
        return response
    }

    func copyObject(_ request: S3Request) throws(S3Error) -> APIResponse {
        try requireWritable(request.bucket)
        let source = try copySource(request)
        let isReplaced = try directive(request, "x-amz-metadata-directive")
        let isTagReplaced = try directive(request, "x-amz-tagging-directive")
        let isSame = source.bucket == request.bucket && ObjectKey.isSame(source.key, request.key)
        guard !isSame || isReplaced || isTagReplaced else {
            throw .invalidRequest(
                "This copy request is illegal because it is trying to copy an object to itself without changing "
                    + "the object's metadata, storage class, website redirect location or encryption attributes."
            )
        }
        let sent = try S3Properties.read(request)
        var properties = isReplaced ? sent : source.properties
        properties.tags = isTagReplaced ? sent.tags : source.properties.tags
        properties.checksums = source.properties.checksums
        let written = properties
        let copy = try stored { () throws(BucketError) in
            let writer = try buckets.own.beginObject(bucket: request.bucket, key: request.key)
            try writer.append(source, from: buckets)
            return try writer.commit(written)
        }
        return xml("CopyObjectResult") { xml in
            xml.element("LastModified", WireDates.iso8601(copy.lastModified))
            xml.element("ETag", quoted(copy.eTag))
        }
    }

    // MARK: What copies share

    /// The object that `x-amz-copy-source` names, its conditions fulfilled.
    func copySource(_ request: S3Request) throws(S3Error) -> ObjectRecord {
        let text = request.field("x-amz-copy-source") ?? ""
        let mark = text.range(of: "?versionId=", options: .backwards)
        if let mark, text[mark.upperBound...] != "null" {
            throw .invalidArgument("Invalid version id specified")
        }
        let path = mark.map { text[..<$0.lowerBound] } ?? Substring(text)
        let source = try S3Request(
            APIRequest(method: "GET", target: path.hasPrefix("/") ? String(path) : "/" + path))
        guard !source.bucket.isEmpty, !source.key.isEmpty else {
            throw .invalidArgument(
                "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
        }
        let object = try object(bucket: source.bucket, key: source.key)
        let failed = S3Error(.preconditionFailed(bucket: source.bucket, key: source.key))
        if let wanted = request.field("x-amz-copy-source-if-match") {
            guard Self.matches(wanted, object.eTag) else { throw failed }
        }
        if let unwanted = request.field("x-amz-copy-source-if-none-match") {
            guard !Self.matches(unwanted, object.eTag) else { throw failed }
        }
        return object
    }

    /// Whether a directive says REPLACE.
    private func directive(_ request: S3Request, _ name: String) throws(S3Error) -> Bool {
        switch request.field(name) {
        case nil, "COPY": return false
        case "REPLACE": return true
        default: throw .invalidArgument("Unknown metadata directive.")
        }
    }

    // MARK: What reads share

    private func open(_ object: ObjectRecord) throws(S3Error) -> OpenFile? {
        try stored { () throws(BucketError) in
            let path = try buckets.path(of: object)
            return try BucketError.stored { () throws(StoreError) in try OpenFile(path) }
        }
    }

    /// The answer where the client's conditions do not hold (RFC 9110, 13.2.2).
    private func preconditions(_ request: S3Request, _ object: ObjectRecord) throws(S3Error) -> APIResponse? {
        let failed = S3Error(.preconditionFailed(bucket: object.bucket, key: object.key))
        let modified = object.lastModified.timeIntervalSince1970.rounded(.down)
        if let wanted = request.field("if-match") {
            guard Self.matches(wanted, object.eTag) else { throw failed }
        } else if let since = request.field("if-unmodified-since").flatMap(WireDates.parseHTTP) {
            guard modified <= since.timeIntervalSince1970 else { throw failed }
        }
        var isUnchanged = false
        if let known = request.field("if-none-match") {
            isUnchanged = Self.matches(known, object.eTag)
        } else if let since = request.field("if-modified-since").flatMap(WireDates.parseHTTP) {
            isUnchanged = modified <= since.timeIntervalSince1970
        }
        guard isUnchanged else { return nil }
        return empty(304, [HTTPField("etag", quoted(object.eTag))])
    }

    /// Whether one of the ETags in a field is this one.
    static func matches(_ field: String, _ eTag: String) -> Bool {
        field.split(separator: ",").contains { item in
            let item = item.drop { $0 == " " }.filter { $0 != "\"" && $0 != " " }
            return item == "*" || item == eTag || item == "W/" + eTag
        }
    }

    /// The range that is asked for (RFC 9110, 14.2); nil for the whole, also where a range is not understood.
    func range(of request: S3Request, size: Int) throws(S3Error) -> Range<Int>? {
        guard let field = request.field("range"), field.hasPrefix("bytes="), !field.contains(",") else {
            return nil
        }
        return try Self.range(field.dropFirst(6), size: size)
    }

    static func range(_ text: Substring, size: Int) throws(S3Error) -> Range<Int>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, ends.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            !(ends[0].isEmpty && ends[1].isEmpty)
        else { return nil }
        let unsatisfiable = S3Error(416, "InvalidRange", "The requested range is not satisfiable")
        // More digits than a number has mean a number beyond every size.
        let first = ends[0].isEmpty ? nil : Int(ends[0]) ?? .max
        let last = ends[1].isEmpty ? nil : Int(ends[1]) ?? .max
        guard let first else {
            let count = min(last ?? 0, size)
            guard count > 0 else { throw unsatisfiable }
            return (size - count)..<size
        }
        if let last, last < first { return nil }
        guard first < size else { throw unsatisfiable }
        return first..<(min(last ?? size - 1, size - 1) + 1)
    }

    private func fields(
        of object: ObjectRecord, _ request: S3Request, range: Range<Int>?
    ) throws(S3Error) -> [HTTPField] {
        var fields = [
            HTTPField("content-type", object.contentType ?? "binary/octet-stream"),
            HTTPField("etag", quoted(object.eTag)),
            HTTPField("last-modified", WireDates.http(object.lastModified)),
            HTTPField("accept-ranges", "bytes"),
        ]
        for (name, value) in object.properties.fields.sorted(by: { $0.key < $1.key }) {
            fields.append(HTTPField(name, value))
        }
        for (name, value) in object.properties.metadata.sorted(by: { $0.key < $1.key }) {
            fields.append(HTTPField("x-amz-meta-" + name, value))
        }
        if !object.properties.tags.isEmpty {
            fields.append(HTTPField("x-amz-tagging-count", String(object.properties.tags.count)))
        }
        if let range {
            fields.append(
                HTTPField("content-range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(object.size)")
            )
        } else if request.field("x-amz-checksum-mode")?.uppercased() == "ENABLED" {
            for (algorithm, value) in object.properties.checksums.sorted(by: { $0.key < $1.key }) {
                fields.append(HTTPField("x-amz-checksum-" + algorithm, value))
                fields.append(HTTPField("x-amz-checksum-type", "FULL_OBJECT"))
            }
        }
        for name in S3Properties.overridable {
            guard let value = try request.parameter("response-" + name) else { continue }
            fields.removeAll { $0.name == name }
            fields.append(HTTPField(name, value))
        }
        return fields
    }
}
