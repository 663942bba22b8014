import Foundation
import FrameEngine

/// An error as the API answers it: rest-json, the code in `x-amzn-errortype` (HealthImaging API model, errors).
struct APIError: Error, Hashable {
    let status: Int
    /// The exception's name.
    let code: String
    let message: String
    /// What the operator of the server should know and the client should not: paths, system errors.
    var cause: String?

    static func validation(_ message: String) -> APIError {
        APIError(status: 400, code: "ValidationException", message: message)
    }

    static func notFound(_ message: String) -> APIError {
        APIError(status: 404, code: "ResourceNotFoundException", message: message)
    }

    static func conflict(_ message: String) -> APIError {
        APIError(status: 409, code: "ConflictException", message: message)
    }

    static func accessDenied(_ message: String) -> APIError {
        APIError(status: 403, code: "AccessDeniedException", message: message)
    }

    static func quotaExceeded(_ message: String) -> APIError {
        APIError(status: 402, code: "ServiceQuotaExceededException", message: message)
    }

    static let unknownOperation = APIError(
        status: 404, code: "UnknownOperationException", message: "no operation has this method and path")

    static func tooLarge(limitInBytes: Int) -> APIError {
        APIError(
            status: 413, code: "RequestEntityTooLargeException",
            message: "the request's body is larger than \(limitInBytes) bytes")
    }

    /// What an error of the store is to a client. Paths of this machine stay out of the answer.
    init(_ error: StoreError) {
        switch error {
        case .notFound: self = .notFound(error.message)
        case .conflict: self = .conflict(error.message)
        case .system where error.isFullDisk:
            self.init(
                status: 507, code: "InsufficientStorage", message: StoreError.fullDiskAdvice,
                cause: error.message)
        case .notAStore, .damaged, .system:
            self.init(
                status: 500, code: "InternalServerException", message: "the server failed; its log says why",
                cause: error.message)
        }
    }

    init(status: Int, code: String, message: String, cause: String? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The response; the caller adds `x-amzn-requestid`.
    var response: APIResponse {
        var response = APIResponse.json(["message": message], status: status)
        response.fields.append(HTTPField("x-amzn-errortype", code))
        response.failure = cause
        return response
    }
}
