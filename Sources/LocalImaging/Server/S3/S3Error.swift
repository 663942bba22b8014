import FrameEngine
import NIOCore

/// An error as S3 answers it.
struct S3Error: Error, Hashable {
    let status: Int
    let code: String
    let message: String
    /// What the operator of the server should know and the client should not.
    var cause: String?

    init(_ status: Int, _ code: String, _ message: String, cause: String? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.cause = cause
    }

    init(_ error: BucketError) {
        switch error {
        case .noSuchBucket: self.init(404, "NoSuchBucket", "The specified bucket does not exist")
        case .noSuchKey: self.init(404, "NoSuchKey", "The specified key does not exist.")
        case .noSuchUpload:
            self.init(
                404, "NoSuchUpload",
                "The specified upload does not exist. The upload ID may be invalid, or the upload may have been "
                    + "aborted or completed.")
        case .bucketExists:
            self.init(
                409, "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.")
        case .bucketNotEmpty:
            self.init(409, "BucketNotEmpty", "The bucket you tried to delete is not empty")
        case .invalidBucketName: self.init(400, "InvalidBucketName", "The specified bucket is not valid.")
        case .invalidKey: self.init(400, "KeyTooLongError", "Your key is too long")
        case .invalidPart: self.init(400, "InvalidPart", error.message)
        case .invalidPartOrder: self.init(400, "InvalidPartOrder", error.message)
        case .partTooSmall:
            self.init(
                400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
        case .readOnly: self.init(403, "AccessDenied", "Access Denied: \(error.message)")
        case .preconditionFailed:
            self.init(
                412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
        case .storage(let error) where error.isFullDisk:
            // Not one of S3's: RFC 4918, 11.5. No client asks again, and everybody sees why.
            self.init(507, "InsufficientStorage", StoreError.fullDiskAdvice, cause: error.message)
        case .storage(let error):
            self.init(
                500, "InternalError", "We encountered an internal error; the server's log says which.",
                cause: error.message)
        }
    }

    static func invalidArgument(_ message: String) -> S3Error { S3Error(400, "InvalidArgument", message) }

    static func invalidRequest(_ message: String) -> S3Error { S3Error(400, "InvalidRequest", message) }

    static func notImplemented(_ what: String) -> S3Error {
        S3Error(501, "NotImplemented", "\(what) is not implemented by the local server")
    }

    static let malformedXML = S3Error(
        400, "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema")

    static let methodNotAllowed = S3Error(
        405, "MethodNotAllowed", "The specified method is not allowed against this resource.")

    static func tooLarge(_ limitInBytes: Int) -> S3Error {
        S3Error(
            400, "EntityTooLarge",
            "Your proposed upload exceeds the maximum allowed size of \(limitInBytes) bytes")
    }

    /// The response, without a body for HEAD.
    func response(to request: APIRequest, requestID: String) -> APIResponse {
        var xml = XMLText()
        xml.group("Error") { xml in
            xml.element("Code", code)
            xml.element("Message", message)
            xml.element("Resource", APIRequest.decoded(request.path))
            xml.element("RequestId", requestID)
        }
        let text = request.method == "HEAD" || status == 304 ? "" : xml.text
        var response = APIResponse(
            status: status, contentType: "application/xml", body: .bytes(ByteBuffer(string: text)))
        response.failure = cause
        return response
    }
}
