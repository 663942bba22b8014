/// An answer of status 200 that is no frame: the page of a proxy, a sign-in form, an error told as JSON.
///
/// Whatever sent it is not the service, or not in its right mind: asking again may help, and its content, which may
/// hold anything, is not repeated.
public struct UnexpectedContentError: StageError {
    /// What came: `text/html`, `application/json`, or a description.
    public let content: String
    public let byteCount: Int

    public init(content: String, byteCount: Int) {
        self.content = content
        self.byteCount = byteCount
    }

    public var stage: Stage { .request }
    public var code: String { "not-a-frame" }
    public var isRetryable: Bool { true }

    public var message: String {
        "GetImageFrame: HTTP 200 with \(content) (\(byteCount) bytes) where a frame should be, perhaps from a proxy; "
            + "check the endpoint and the network's sign-in if that repeats"
    }
}

extension UnexpectedContentError {
    /// Judges a success by its Content-Type. Nil where that may be a frame's, or where the bytes are an image whatever
    /// the field says.
    init?(contentTypeOf response: HTTPResponse) {
        guard response.status == 200, let field = response.field("content-type") else { return nil }
        let type = field.prefix { $0 != ";" }.lowercased().filter { !$0.isWhitespace }
        let isText =
            ["text/html", "application/json", "application/xml", "text/xml", "application/xhtml+xml"]
            .contains(type) || type.hasSuffix("+json") || type.hasPrefix("application/x-amz-json")
        guard isText, !Self.isImage(response.body.bytes) else { return nil }
        self.init(content: String(type.prefix(60)), byteCount: response.body.count)
    }

    /// Whether bytes begin as a JPEG 2000 codestream (SOC and SIZ), a JP2 or JPH file (signature box) or a JPEG image.
    private static func isImage(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.starts(with: [0xff, 0x4f, 0xff, 0x51]) || bytes.starts(with: [0xff, 0xd8, 0xff])
            || bytes.starts(with: [0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20])
    }
}
