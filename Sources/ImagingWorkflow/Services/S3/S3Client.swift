import FrameEngine

/// Calls Amazon S3, or anything that answers like it. A value to copy; any thread.
///
/// A bucket in another region than the settings' is found: S3 says where it is, and that is remembered. Errors are
/// `ServiceError`, `SettingsError`, `CredentialsError`, the transport's, and `CancellationError`.
package struct S3Client: Sendable {
    /// The largest object, in bytes, that CopyObject and PutObject take: 5 GiB.
    package static let objectBytesLimit = 5 << 30
    /// How many keys DeleteObjects takes at once.
    package static let deletionLimit = 1_000

    let clients: S3RegionalClients

    /// - Parameter retry: for each call; errors that S3 hides in an answer of status 200 are tried again as well.
    package init(
        transport: any HTTPTransport, settings: AWSSettings, retry: RetryPolicy = RetryPolicy()
    ) {
        clients = S3RegionalClients { region in
            AWSClient(.s3, transport: transport, settings: settings, retry: retry, region: region)
        }
    }

    /// The region that calls go to as long as S3 says nothing else.
    package var region: String { clients.home.endpoint.region }

    // MARK: Objects

    /// An object's bytes.
    ///
    /// - Parameter limit: more bytes than this are an error of the transport.
    package func getObject(
        _ key: String, in bucket: String, limit: Int = AWSCall.usualBodyLimit
    ) async throws -> PooledBuffer {
        var call = call("GetObject", "GET", bucket, key: key)
        call.bodyLimit = limit
        return try await send(call, bucket, about: "s3://\(bucket)/\(key)").body
    }

    /// Size, ETag and type of an object; nil where there is no such object, or no such bucket: S3 tells no difference.
    package func headObject(_ key: String, in bucket: String) async throws -> S3ObjectHead? {
        do {
            let response = try await send(
                call("HeadObject", "HEAD", bucket, key: key), bucket, about: "s3://\(bucket)/\(key)")
            return S3ObjectHead(response)
        } catch let error as ServiceError where error.kind == .notFound {
            return nil
        }
    }

    /// Writes an object in one request; it is there whole or not at all.
    ///
    /// - Parameter bytes: at most `objectBytesLimit`.
    /// - Returns: the new object's ETag, without quotes.
    @discardableResult
    package func putObject(
        _ bytes: [UInt8], as key: String, in bucket: String, contentType: String = "application/octet-stream"
    ) async throws -> String {
        var call = call("PutObject", "PUT", bucket, key: key)
        call.fields = [HTTPField("Content-Type", contentType)]
        call.body = bytes
        let response = try await send(call, bucket, about: "s3://\(bucket)/\(key)")
        return S3ObjectHead.plainETag(response.field("ETag"))
    }

    /// Copies an object within S3, with its metadata; no byte passes through here.
    ///
    /// - Parameters:
    ///   - source: a bucket and a key of at most `objectBytesLimit` bytes.
    /// - Returns: the new object's ETag, without quotes.
    @discardableResult
    package func copyObject(
        from source: (bucket: String, key: String), to key: String, in bucket: String
    ) async throws -> String {
        var call = call("CopyObject", "PUT", bucket, key: key)
        let path = "\(source.bucket)/\(source.key)"
        call.fields = [
            HTTPField("x-amz-copy-source", "/" + PercentEncoding.encode(path, keepsSlash: true))
        ]
        // An error that came after the head of the answer was sent is told within: `xml` looks for it.
        let root = try await xml(call, bucket, about: "s3://\(path) to s3://\(bucket)/\(key)")
        guard root.name == "CopyObjectResult", let etag = root.text("ETag") else {
            throw ServiceError.unreadable("CopyObject", status: 200, "is not CopyObject's")
        }
        return S3ObjectHead.plainETag(etag)
    }

    // MARK: Sending

    /// - Parameter subject: what errors name; nil for the bucket.
    func send(
        _ call: AWSCall, _ bucket: String, about subject: String? = nil
    ) async throws -> HTTPResponse {
        try await clients.withClient(for: bucket, about: subject ?? "s3://\(bucket)") { client in
            try await client.send(call)
        }
    }

    /// - Parameter subject: what errors name; nil for the bucket.
    func xml(_ call: AWSCall, _ bucket: String, about subject: String? = nil) async throws -> XMLNode {
        try await clients.withClient(for: bucket, about: subject ?? "s3://\(bucket)") { client in
            try await client.xml(call)
        }
    }

    /// A call about a bucket or an object in it, addressed by host on AWS and by path anywhere else.
    func call(
        _ operation: String, _ method: String, _ bucket: String, key: String? = nil,
        query: [(name: String, value: String?)] = []
    ) -> AWSCall {
        let usesHost = !clients.home.endpoint.isCustom && Self.isHostLabel(bucket)
        var path = usesHost ? "" : "/" + PercentEncoding.encode(bucket)
        if let key { path += "/" + PercentEncoding.encode(key, keepsSlash: true) }
        return AWSCall(
            operation, method: method, path: path.isEmpty ? "/" : path, query: query,
            hostPrefix: usesHost ? "\(bucket)." : "")
    }

    /// Whether a bucket's name can stand in front of the host: one label, or the certificate would not fit.
    static func isHostLabel(_ bucket: String) -> Bool {
        let bytes = bucket.utf8
        let allowed = bytes.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
        }
        return allowed && (3...63).contains(bytes.count) && bucket.first != "-" && bucket.last != "-"
    }
}
