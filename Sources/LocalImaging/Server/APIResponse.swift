import Foundation
import FrameEngine
import NIOCore

/// An answer before it meets HTTP.
struct APIResponse: Sendable {
    enum Body: Sendable {
        case bytes(ByteBuffer)
        /// Sent from the disk piece by piece.
        case file(OpenFile)
        /// The same for some of its bytes.
        case part(OpenFile, Range<Int>)
    }

    var status: Int
    var fields: [HTTPField]
    var body: Body
    /// What the server's operator is told, and the client is not.
    var failure: String?

    init(status: Int = 200, contentType: String, body: Body) {
        self.status = status
        fields = [HTTPField("content-type", contentType)]
        self.body = body
    }

    /// `value` as JSON. Members that are nil are left out, as the service does.
    static func json(_ value: some Encodable, status: Int = 200) -> APIResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        guard let data = try? encoder.encode(value) else {
            preconditionFailure("the API's own values hold strings and finite numbers only")
        }
        return APIResponse(
            status: status, contentType: "application/json", body: .bytes(ByteBuffer(bytes: data)))
    }
}

/// A time as the API writes it: a JSON number, seconds since 1970 with milliseconds.
struct EpochSeconds: Encodable, Hashable {
    let milliseconds: Int64

    init(_ date: Date) {
        milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded())
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Double(milliseconds) / 1000)
    }
}
