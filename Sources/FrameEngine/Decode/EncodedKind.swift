import Foundation

/// What the first bytes of a frame look like, for error messages.
enum EncodedKind: String {
    case empty = "nothing: 0 bytes"
    case html = "an HTML or XML page"
    case json = "JSON text"
    case jpeg = "a JPEG image"
    case jpegLS = "a JPEG-LS image"
    case gzip = "gzip data"
    case png = "a PNG image"
    case dicom = "a DICOM file"
    case unknown = "no format known here"

    init(sniffing bytes: UnsafeRawBufferPointer) {
        let text = bytes.prefix(256).drop { [0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf].contains($0) }
        if bytes.isEmpty {
            self = .empty
        } else if bytes.starts(with: [0xff, 0xd8, 0xff, 0xf7]) {
            self = .jpegLS
        } else if bytes.starts(with: [0xff, 0xd8, 0xff]) {
            self = .jpeg
        } else if bytes.starts(with: [0x1f, 0x8b]) {
            self = .gzip
        } else if bytes.starts(with: [0x89, 0x50, 0x4e, 0x47]) {
            self = .png
        } else if bytes.count >= 132, bytes[128..<132].elementsEqual("DICM".utf8) {
            self = .dicom
        } else if text.first == UInt8(ascii: "<") {
            self = .html
        } else if text.first == UInt8(ascii: "{") || text.first == UInt8(ascii: "[") {
            self = .json
        } else {
            self = .unknown
        }
    }

    /// What a text is that stands where a frame should be; nil for bytes that may be anything.
    ///
    /// Uncompressed pixels can begin with any byte, so one character is not enough here.
    static func page(in bytes: UnsafeRawBufferPointer) -> EncodedKind? {
        let kind = EncodedKind(sniffing: bytes)
        switch kind {
        case .html:
            let start = String(decoding: bytes.prefix(64), as: UTF8.self).lowercased()
            let isPage = ["<!doctype", "<html", "<?xml", "<error"].contains { start.contains($0) }
            return isPage ? kind : nil
        case .json where bytes.count <= 64 << 10:
            return (try? JSONSerialization.jsonObject(with: Data(bytes))) == nil ? nil : kind
        default: return nil
        }
    }

    /// The error for bytes that should have been a codestream.
    static func mismatch(_ bytes: UnsafeRawBufferPointer) -> DecodeError {
        let kind = EncodedKind(sniffing: bytes)
        let first = bytes.prefix(8).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined(separator: " ")
        // Of a text not even that: it may be anything, also a secret.
        let isText = kind == .html || kind == .json
        let shown = first.isEmpty || isText ? "" : " (first bytes \(first))"
        return DecodeError(
            .notACodestream,
            "expected a JPEG 2000 or HTJ2K image but found \(kind.rawValue)\(shown); fetch the frame again, "
                + "and check the endpoint and the frame's transfer syntax if that repeats")
    }
}
