/// Why a frame could not be decoded.
public struct DecodeError: StageError, Hashable, CustomStringConvertible {
    /// The kinds of failure; the raw value is the error's `code`.
    public enum Kind: String, Sendable, CaseIterable {
        /// The bytes are something else: an HTML page, JSON, a JPEG, nothing at all.
        case notACodestream = "not-a-codestream"
        /// The bytes end before the image does.
        case truncated
        /// The image is larger or more intricate than `DecodeLimits` allow.
        case overLimit = "over-limit"
        /// A valid image of a kind that the decoder does not know.
        case unsupported
        /// The bytes break the rules of the format.
        case damaged
    }

    public let kind: Kind
    /// One line: what was found, at which byte, and what to do.
    public let message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    public var stage: Stage { .decode }
    public var code: String { kind.rawValue }
    public var description: String { "\(kind.rawValue): \(message)" }

    /// True where the transfer may have spoilt the bytes; the other kinds come back the same every time.
    public var isRetryable: Bool {
        switch kind {
        case .notACodestream, .truncated, .damaged: true
        case .overLimit, .unsupported: false
        }
    }
}
