import FrameEngine
import NIOCore
import Synchronization

/// An object, or a part of one, as it arrives. Any thread, one call after the other.
final class S3Upload: Sendable {
    private enum Target {
        case object(ObjectProperties, ObjectWriter.Condition)
        case part(UploadRecord, number: Int)
    }

    private let api: S3API
    private let target: Target
    private let writer: ObjectWriter
    private let payload: Mutex<S3Payload>

    /// Checks what can be checked before the body comes.
    init(
        _ request: S3Request, _ operation: S3Operation, api: S3API, signer: RequestAuthenticator.Signer?
    ) throws(S3Error) {
        self.api = api
        try api.requireWritable(request.bucket)
        let payload = try S3Payload(request, signer: signer, limit: S3API.putLimitInBytes)
        guard payload.size != nil else {
            throw S3Error(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
        }
        self.payload = Mutex(payload)
        if operation == .uploadPart {
            target = .part(try api.upload(request), number: try api.partNumber(request))
        } else {
            target = .object(try S3Properties.read(request), try S3API.condition(request))
        }
        writer = try api.stored { () throws(BucketError) in
            try api.buckets.own.beginObject(bucket: request.bucket, key: request.key)
        }
    }

    /// The next bytes of the request's body.
    func write(_ buffer: ByteBuffer) throws(S3Error) {
        let result = buffer.withUnsafeReadableBytes { raw in
            Result { () throws(S3Error) in
                try payload.withLock { payload throws(S3Error) in
                    try payload.feed(raw) { piece throws(S3Error) in
                        try api.stored { () throws(BucketError) in try writer.append(piece) }
                    }
                }
            }
        }
        try result.get()
    }

    /// Checks the whole and makes it the object, or the part.
    func finish() throws(S3Error) -> APIResponse {
        let md5 = writer.md5
        let checksums = try payload.withLock { payload throws(S3Error) in try payload.finish(md5: md5) }
        let eTag: String
        switch target {
        case .object(var properties, let condition):
            properties.checksums = checksums
            let written = properties
            eTag = try api.stored { () throws(BucketError) in try writer.commit(written, if: condition) }.eTag
        case .part(let upload, let number):
            eTag = try api.stored { () throws(BucketError) in
                try api.buckets.own.add(writer, to: upload, number: number)
            }.eTag
        }
        var fields = [HTTPField("etag", api.quoted(eTag))]
        for (algorithm, value) in checksums.sorted(by: { $0.key < $1.key }) {
            fields.append(HTTPField("x-amz-checksum-" + algorithm, value))
        }
        return api.empty(200, fields)
    }
}
