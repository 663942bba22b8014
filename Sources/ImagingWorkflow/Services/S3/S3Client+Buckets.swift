import FrameEngine

extension S3Client {
    /// The objects whose keys begin with `prefix`, by key in the order of UTF-8 bytes.
    package func objects(in bucket: String, prefix: String = "") -> S3Pages<S3Object> {
        S3Pages(operation: "ListObjectsV2") { token in
            // Keys may hold what XML cannot: have them percent-encoded.
            var query: [(name: String, value: String?)] = [("list-type", "2"), ("encoding-type", "url")]
            if !prefix.isEmpty { query.append(("prefix", prefix)) }
            if let token { query.append(("continuation-token", token)) }
            let root = try await xml(call("ListObjectsV2", "GET", bucket, query: query), bucket)
            try Self.check(root, is: "ListBucketResult", "ListObjectsV2")
            let text = KeyText(of: root)
            let objects = try root.all("Contents").map { node in
                guard let size = node.text("Size").flatMap({ Int($0) }), size >= 0 else {
                    throw ServiceError.unreadable("ListObjectsV2", status: 200, "has an object without size")
                }
                return S3Object(
                    key: try text.key(node, "ListObjectsV2"), size: size,
                    etag: S3ObjectHead.plainETag(node.text("ETag")))
            }
            return (objects, try Self.token(root.text("NextContinuationToken"), after: root, "ListObjectsV2"))
        }
    }

    /// Every version and delete marker of the objects whose keys begin with `prefix`.
    package func objectVersions(in bucket: String, prefix: String = "") -> S3Pages<S3ObjectVersion> {
        S3Pages(operation: "ListObjectVersions") { token in
            var query: [(name: String, value: String?)] = [("versions", nil), ("encoding-type", "url")]
            if !prefix.isEmpty { query.append(("prefix", prefix)) }
            if let token {
                // A token is the two markers; a version id holds no line feed.
                let end = token.lastIndex(of: "\n") ?? token.endIndex
                query.append(("key-marker", String(token[..<end])))
                let versionID = String(token[end...].dropFirst())
                if !versionID.isEmpty { query.append(("version-id-marker", versionID)) }
            }
            let root = try await xml(call("ListObjectVersions", "GET", bucket, query: query), bucket)
            try Self.check(root, is: "ListVersionsResult", "ListObjectVersions")
            let text = KeyText(of: root)
            let versions = try root.children.filter { ["Version", "DeleteMarker"].contains($0.name) }
                .map { node in
                    S3ObjectVersion(
                        key: try text.key(node, "ListObjectVersions"),
                        versionID: node.text("VersionId") ?? "null",
                        isDeleteMarker: node.name == "DeleteMarker")
                }
            let next = root.text("NextKeyMarker").map {
                "\(text.plain($0))\n\(root.text("NextVersionIdMarker") ?? "")"
            }
            return (versions, try Self.token(next, after: root, "ListObjectVersions"))
        }
    }

    /// Deletes versions of objects, in as many requests as it takes. What is not there counts as deleted.
    ///
    /// - Returns: those that S3 would not delete, and why.
    package func deleteObjects(
        _ versions: [S3ObjectVersion], in bucket: String
    ) async throws -> [S3DeletionFailure] {
        var failures: [S3DeletionFailure] = []
        var rest = versions[...]
        while !rest.isEmpty {
            let batch = rest.prefix(Self.deletionLimit)
            rest = rest.dropFirst(batch.count)
            var call = call("DeleteObjects", "POST", bucket, query: [("delete", nil)])
            call.body = Array(Self.deletion(of: batch).utf8)
            call.fields = [
                HTTPField("Content-Type", "application/xml"),
                HTTPField("Content-MD5", ContentMD5.base64(of: call.body)),
            ]
            let root = try await xml(call, bucket)
            try Self.check(root, is: "DeleteResult", "DeleteObjects")
            failures += root.all("Error").map { node in
                S3DeletionFailure(
                    key: node.text("Key") ?? "", code: node.text("Code") ?? "",
                    message: node.text("Message") ?? "")
            }
        }
        return failures
    }

    /// Makes a bucket in the settings' region.
    ///
    /// - Throws: `ServiceError` of kind `.conflict` with code `BucketAlreadyOwnedByYou` or `BucketAlreadyExists`.
    package func createBucket(_ bucket: String) async throws {
        var call = call("CreateBucket", "PUT", bucket)
        if region != "us-east-1" {
            call.fields = [HTTPField("Content-Type", "application/xml")]
            call.body = Array(
                ("<CreateBucketConfiguration xmlns=\"\(Self.namespace)\"><LocationConstraint>\(region)"
                    + "</LocationConstraint></CreateBucketConfiguration>").utf8)
        }
        // A bucket that exists elsewhere is a conflict, not a hint where to make it.
        _ = try await clients.home.send(call)
    }

    // MARK: Reading and writing XML

    private static let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

    /// How an answer writes keys.
    private struct KeyText {
        let isEncoded: Bool

        init(of root: XMLNode) { isEncoded = root.text("EncodingType") == "url" }

        func plain(_ text: String) -> String {
            guard isEncoded else { return text }
            // As in a form: a plus is a space, and a plus that is meant comes as %2B.
            return String(
                decoding: PercentEncoding.decode(text.replacing("+", with: " ")), as: UTF8.self)
        }

        func key(_ node: XMLNode, _ operation: String) throws(ServiceError) -> String {
            guard let text = node.text("Key"), !text.isEmpty else {
                throw ServiceError.unreadable(operation, status: 200, "has an object without key")
            }
            return plain(text)
        }
    }

    private static func check(_ root: XMLNode, is name: String, _ operation: String) throws(ServiceError) {
        guard root.name == name else {
            throw ServiceError.unreadable(operation, status: 200, "is not \(operation)'s")
        }
    }

    /// The next page's token. A listing that is cut short and does not say how to go on is an error, never the end.
    private static func token(
        _ token: String?, after root: XMLNode, _ operation: String
    ) throws(ServiceError) -> String? {
        guard root.text("IsTruncated") == "true" else { return nil }
        guard let token, !token.isEmpty else {
            throw ServiceError.unreadable(
                operation, status: 200, "is cut short without saying where to go on")
        }
        return token
    }

    private static func deletion(of versions: ArraySlice<S3ObjectVersion>) -> String {
        var text = "<Delete xmlns=\"\(namespace)\"><Quiet>true</Quiet>"
        for version in versions {
            text += "<Object><Key>\(escaped(version.key))</Key>"
            text += "<VersionId>\(escaped(version.versionID))</VersionId></Object>"
        }
        return text + "</Delete>"
    }

    /// Text for an element. Control characters are written as references, so that no line end is changed on the way.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f: escaped += "&#\(scalar.value);"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
