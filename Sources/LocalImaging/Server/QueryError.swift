import FrameEngine
import NIOCore

/// An error of a service of the query protocol.
struct QueryError: Error, Hashable {
    let status: Int
    let code: String
    let message: String
    /// What the operator of the server should know and the client should not.
    var cause: String?

    init(status: Int = 400, code: String, message: String, cause: String? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.cause = cause
    }

    static func validation(_ message: String) -> QueryError {
        QueryError(code: "ValidationError", message: message)
    }

    init(_ error: StoreError) {
        self.init(
            status: 500, code: "InternalFailure", message: "the server failed; its log says why",
            cause: error.message)
    }

    func response(namespace: String, requestID: String) -> APIResponse {
        var xml = XMLText()
        xml.group("ErrorResponse", namespace: namespace) { xml in
            xml.group("Error") { xml in
                xml.element("Type", status < 500 ? "Sender" : "Receiver")
                xml.element("Code", code)
                xml.element("Message", message)
            }
            xml.element("RequestId", requestID)
        }
        var response = APIResponse(
            status: status, contentType: "text/xml", body: .bytes(ByteBuffer(string: xml.text)))
        response.failure = cause
        return response
    }
}
