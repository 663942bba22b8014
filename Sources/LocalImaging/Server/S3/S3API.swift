import Foundation
import FrameEngine
import NIOCore

/// S3's API over the local buckets: requests to answers, without a network. Blocks on the disk; any thread.
///
/// Objects that are uploaded come through `S3Upload`, piece by piece; everything else comes whole.
struct S3API: Sendable {
    static let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
    /// The largest object that is put in one piece, and the largest part of one (S3 user guide, "Uploading objects").
    static let putLimitInBytes = 5 << 30
    /// The largest body of any other request: DeleteObjects names a thousand keys.
    static let bodyLimitInBytes = 8 << 20

    let buckets: AllBuckets
    let region: String
    let accountID: String

    func respond(to request: S3Request, _ operation: S3Operation) throws(S3Error) -> APIResponse {
        switch operation {
        case .listBuckets: try listBuckets(request)
        case .createBucket: try createBucket(request)
        case .deleteBucket: try deleteBucket(request)
        case .headBucket: try headBucket(request)
        case .listObjects: try listObjects(request)
        case .listObjectsV2: try listObjectsV2(request)
        case .listObjectVersions: try listObjectVersions(request)
        case .listUploads: try listUploads(request)
        case .deleteObjects: try deleteObjects(request)
        case .getLocation: try getLocation(request)
        case .getVersioning, .putVersioning: try versioning(request, isPut: operation == .putVersioning)
        case .getBucketTagging: try getBucketTagging(request)
        case .putBucketTagging, .deleteBucketTagging:
            try setBucketTagging(request, isDeletion: operation == .deleteBucketTagging)
        case .absentSetting(let code): try absentSetting(request, code)
        case .getObject: try getObject(request)
        case .headObject: try headObject(request)
        case .copyObject: try copyObject(request)
        case .deleteObject: try deleteObject(request)
        case .getObjectTagging: try getObjectTagging(request)
        case .putObjectTagging, .deleteObjectTagging:
            try setObjectTagging(request, isDeletion: operation == .deleteObjectTagging)
        case .createUpload: try createUpload(request)
        case .uploadPartCopy: try uploadPartCopy(request)
        case .listParts: try listParts(request)
        case .completeUpload: try completeUpload(request)
        case .abortUpload: try abortUpload(request)
        case .putObject, .uploadPart: throw .invalidRequest("the body of an upload is read piece by piece")
        }
    }

    // MARK: What every operation needs

    /// Runs a call of the buckets; its errors become S3's.
    func stored<Result>(_ body: () throws(BucketError) -> Result) throws(S3Error) -> Result {
        do throws(BucketError) {
            return try body()
        } catch {
            throw S3Error(error)
        }
    }

    /// The bucket.
    @discardableResult
    func require(_ name: String) throws(S3Error) -> BucketRecord {
        guard let record = try stored({ () throws(BucketError) in try buckets.bucket(name) }) else {
            throw S3Error(.noSuchBucket(name))
        }
        return record
    }

    /// Refuses to change a built-in bucket.
    func requireWritable(_ name: String) throws(S3Error) {
        guard try !stored({ () throws(BucketError) in try buckets.isReadOnly(name) }) else {
            throw S3Error(.readOnly(name))
        }
    }

    func object(_ request: S3Request) throws(S3Error) -> ObjectRecord {
        try request.checkVersion()
        return try object(bucket: request.bucket, key: request.key)
    }

    func object(bucket: String, key: String) throws(S3Error) -> ObjectRecord {
        guard
            let record = try stored({ () throws(BucketError) in try buckets.object(bucket: bucket, key: key) }
            )
        else { throw S3Error(.noSuchKey(bucket: bucket, key: key)) }
        return record
    }

    func xml(_ root: String, status: Int = 200, _ content: (inout XMLText) -> Void) -> APIResponse {
        var text = XMLText()
        text.group(root, namespace: Self.namespace) { content(&$0) }
        return APIResponse(
            status: status, contentType: "application/xml", body: .bytes(ByteBuffer(string: text.text)))
    }

    /// An answer of fields alone.
    func empty(_ status: Int = 200, _ fields: [HTTPField] = []) -> APIResponse {
        var response = APIResponse(status: status, contentType: "application/xml", body: .bytes(ByteBuffer()))
        response.fields = fields
        return response
    }

    /// The request's XML, whose root must have that name.
    func body(_ request: S3Request, _ root: String) throws(S3Error) -> XMLNode {
        let node: XMLNode
        do throws(XMLNode.Malformed) {
            node = try XMLNode(parsing: request.head.body)
        } catch {
            throw .malformedXML
        }
        guard node.name == root else { throw .malformedXML }
        return node
    }

    func quoted(_ eTag: String) -> String { "\"\(eTag)\"" }

    /// The canonical id of the account, as S3 names owners.
    var ownerID: String { ObjectKey.fileName(accountID) }
}
