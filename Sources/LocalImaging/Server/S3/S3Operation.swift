/// The operations of S3 that are answered, by method, path and the query that names a part of the resource.
enum S3Operation: Hashable, Sendable {
    case listBuckets
    case createBucket, deleteBucket, headBucket
    case listObjects, listObjectsV2, listObjectVersions, listUploads
    case deleteObjects
    case getLocation, getVersioning, putVersioning
    case getBucketTagging, putBucketTagging, deleteBucketTagging
    /// A setting that no bucket here has; answered with this code.
    case absentSetting(code: String)
    case getObject, headObject, putObject, copyObject, deleteObject
    case getObjectTagging, putObjectTagging, deleteObjectTagging
    case createUpload, uploadPart, uploadPartCopy, listParts, completeUpload, abortUpload

    /// Whether the request's body is an object or a part of one.
    var takesObject: Bool { self == .putObject || self == .uploadPart }

    /// A signature in the query comes with none in the fields.
    static func refusePresigned(_ head: APIRequest) throws(S3Error) {
        guard head.parameters("X-Amz-Signature").isEmpty, head.parameters("Signature").isEmpty else {
            throw .notImplemented("a presigned URL")
        }
    }

    init(_ request: S3Request) throws(S3Error) {
        if request.bucket.isEmpty {
            guard request.key.isEmpty else { throw S3Error(.invalidBucketName("")) }
            guard request.head.method == "GET" else { throw .methodNotAllowed }
            self = .listBuckets
        } else if request.key.isEmpty {
            try self.init(bucketRequest: request)
        } else {
            try self.init(objectRequest: request)
        }
    }

    private init(bucketRequest request: S3Request) throws(S3Error) {
        let setting = Self.bucketSettings.first { request.has($0) }
        switch (request.head.method, setting) {
        case ("GET", nil):
            self = try request.parameter("list-type") == "2" ? .listObjectsV2 : .listObjects
        case ("GET", "versions"): self = .listObjectVersions
        case ("GET", "uploads"): self = .listUploads
        case ("GET", "location"): self = .getLocation
        case ("GET", "versioning"): self = .getVersioning
        case ("PUT", "versioning"): self = .putVersioning
        case ("GET", "tagging"): self = .getBucketTagging
        case ("PUT", "tagging"): self = .putBucketTagging
        case ("DELETE", "tagging"): self = .deleteBucketTagging
        case ("GET", let setting?) where Self.absentSettings[setting] != nil:
            self = .absentSetting(code: Self.absentSettings[setting] ?? "")
        case ("POST", "delete"): self = .deleteObjects
        case ("PUT", nil): self = .createBucket
        case ("DELETE", nil): self = .deleteBucket
        case ("HEAD", _): self = .headBucket
        case (_, let setting?): throw .notImplemented("\(request.head.method) of a bucket's \(setting)")
        default: throw .methodNotAllowed
        }
    }

    private init(objectRequest request: S3Request) throws(S3Error) {
        let part = Self.objectParts.first { request.has($0) }
        let isCopy = request.field("x-amz-copy-source") != nil
        switch (request.head.method, part) {
        case ("GET", nil): self = .getObject
        case ("HEAD", nil): self = .headObject
        case ("PUT", nil): self = isCopy ? .copyObject : .putObject
        case ("DELETE", nil): self = .deleteObject
        case ("POST", "uploads"): self = .createUpload
        case ("PUT", "uploadId"): self = isCopy ? .uploadPartCopy : .uploadPart
        case ("GET", "uploadId"): self = .listParts
        case ("POST", "uploadId"): self = .completeUpload
        case ("DELETE", "uploadId"): self = .abortUpload
        case ("GET", "tagging"): self = .getObjectTagging
        case ("PUT", "tagging"): self = .putObjectTagging
        case ("DELETE", "tagging"): self = .deleteObjectTagging
        case (_, let part?): throw .notImplemented("\(request.head.method) of an object's \(part)")
        default: throw .methodNotAllowed
        }
    }

    /// What S3 answers of a setting that was never made.
    private static let absentSettings = [
        "encryption": "ServerSideEncryptionConfigurationNotFoundError",
        "publicAccessBlock": "NoSuchPublicAccessBlockConfiguration",
        "ownershipControls": "OwnershipControlsNotFoundError",
        "policy": "NoSuchBucketPolicy",
        "lifecycle": "NoSuchLifecycleConfiguration",
        "cors": "NoSuchCORSConfiguration",
        "website": "NoSuchWebsiteConfiguration",
        "replication": "ReplicationConfigurationNotFoundError",
        "object-lock": "ObjectLockConfigurationNotFoundError",
    ]

    private static let bucketSettings =
        [
            "delete", "versions", "uploads", "location", "versioning", "tagging", "accelerate", "acl",
            "analytics", "intelligent-tiering", "inventory", "logging", "metrics", "notification",
            "policyStatus", "requestPayment", "session", "metadataTable", "metadataConfiguration",
        ] + absentSettings.keys.sorted()

    private static let objectParts = [
        "uploads", "uploadId", "tagging", "acl", "attributes", "legal-hold", "retention", "restore", "select",
        "torrent", "renameObject",
    ]
}
