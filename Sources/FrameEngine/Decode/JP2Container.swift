/// Where the codestream lies in the bytes of a frame: bare, or in JP2/JPH boxes (ISO/IEC 15444-1, Annex I).
///
/// Boxes other than `jp2c` and the image header are skipped: colour specifications, palettes and channel
/// definitions say how to show an image, and the checksum covers the samples as coded.
public struct JP2Container: Sendable, Hashable {
    /// The fields of the image header box (`ihdr`, I.5.3.1).
    public struct ImageHeader: Sendable, Hashable {
        /// Rows, in pixels.
        public let height: Int
        /// Columns, in pixels.
        public let width: Int
        public let components: Int
        /// Bits minus one, the sign in bit 7; 255 when the components differ.
        public let bitsPerComponent: Int
    }

    /// Byte range of the codestream, SOC first.
    public let codestream: Range<Int>
    /// Nil for a bare codestream, or boxes without an image header.
    public let imageHeader: ImageHeader?
    /// Whether there were boxes around the codestream.
    public let isBoxed: Bool

    private static let signature: [UInt8] = [
        0x00, 0x00, 0x00, 0x0c, 0x6a, 0x50, 0x20, 0x20, 0x0d, 0x0a, 0x87, 0x0a,
    ]
    /// SOC and SIZ.
    static let codestreamStart = 0xff4f_ff51
    private static let codestreamBox = 0x6a70_3263  // jp2c
    private static let headerBox = 0x6a70_3268  // jp2h
    private static let imageHeaderBox = 0x6968_6472  // ihdr

    /// Finds the codestream in `bytes`.
    ///
    /// - Throws: `not-a-codestream` for anything else, `truncated` where a box runs beyond the end,
    ///   `damaged` for box lengths that cannot be.
    public init(parsing bytes: UnsafeRawBufferPointer) throws(DecodeError) {
        if bytes.bigEndian32(at: 0) == Self.codestreamStart {
            codestream = 0..<bytes.count
            imageHeader = nil
            isBoxed = false
            return
        }
        guard bytes.starts(with: Self.signature) else {
            if !bytes.isEmpty, bytes.count < 12, Self.isPrefixOfKnownStart(bytes) {
                throw DecodeError(
                    .truncated,
                    "the frame ends after \(bytes.count) bytes, inside its signature; fetch it again")
            }
            throw EncodedKind.mismatch(bytes)
        }
        var header: ImageHeader?
        var offset = Self.signature.count
        while offset < bytes.count {
            let box = try Box(in: bytes, at: offset, within: bytes.count)
            if box.type == Self.codestreamBox {
                let content = UnsafeRawBufferPointer(rebasing: bytes[box.content])
                guard content.bigEndian32(at: 0) == Self.codestreamStart else {
                    throw Self.notStartedCodestream(content, at: box.content.lowerBound)
                }
                codestream = box.content
                imageHeader = header
                isBoxed = true
                return
            }
            if box.type == Self.headerBox { header = try Self.imageHeader(in: bytes, box.content) }
            offset = box.content.upperBound
        }
        throw DecodeError(
            .truncated,
            "the JP2 boxes end at byte \(bytes.count) without a codestream box (jp2c); fetch the frame again")
    }

    private static func isPrefixOfKnownStart(_ bytes: UnsafeRawBufferPointer) -> Bool {
        signature.starts(with: bytes) || [0xff, 0x4f, 0xff, 0x51].starts(with: bytes)
    }

    private static func notStartedCodestream(_ content: UnsafeRawBufferPointer, at offset: Int) -> DecodeError
    {
        content.count < 4
            ? DecodeError(.truncated, "the codestream box at byte \(offset) is empty; fetch the frame again")
            : DecodeError(
                .damaged,
                "the codestream box at byte \(offset) does not start with SOC and SIZ; fetch it again")
    }

    private static func imageHeader(
        in bytes: UnsafeRawBufferPointer, _ range: Range<Int>
    ) throws(DecodeError) -> ImageHeader? {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let box = try Box(in: bytes, at: offset, within: range.upperBound)
            let start = box.content.lowerBound
            if box.type == imageHeaderBox, box.content.count >= 14,
                let height = bytes.bigEndian32(at: start), let width = bytes.bigEndian32(at: start + 4),
                let components = bytes.bigEndian16(at: start + 8), let bits = bytes.byte(at: start + 10)
            {
                return ImageHeader(
                    height: height, width: width, components: components, bitsPerComponent: bits)
            }
            offset = box.content.upperBound
        }
        return nil
    }
}

extension JP2Container {
    /// One box: LBox, TBox, perhaps XLBox, content (I.4).
    private struct Box {
        let type: Int
        let content: Range<Int>

        init(in bytes: UnsafeRawBufferPointer, at offset: Int, within end: Int) throws(DecodeError) {
            guard end - offset >= 8, let length = bytes.bigEndian32(at: offset),
                let type = bytes.bigEndian32(at: offset + 4)
            else { throw Self.cutOff(at: offset, end: end) }
            self.type = type
            switch length {
            case 0:
                // To the end of the file; HealthImaging writes its jp2c box so.
                content = offset + 8..<end
            case 1:
                guard end - offset >= 16, let long = bytes.bigEndian64(at: offset + 8) else {
                    throw Self.cutOff(at: offset, end: end)
                }
                guard long >= 16 else { throw Self.impossible(length: long, at: offset) }
                guard long <= UInt64(end - offset) else { throw Self.cutOff(at: offset, end: end) }
                content = offset + 16..<offset + Int(long)
            case 2..<8:
                throw Self.impossible(length: UInt64(length), at: offset)
            default:
                guard length <= end - offset else { throw Self.cutOff(at: offset, end: end) }
                content = offset + 8..<offset + length
            }
        }

        private static func cutOff(at offset: Int, end: Int) -> DecodeError {
            DecodeError(
                .truncated,
                "the box at byte \(offset) runs beyond byte \(end), where the data ends; fetch again")
        }

        private static func impossible(length: UInt64, at offset: Int) -> DecodeError {
            DecodeError(.damaged, "the box at byte \(offset) states a length of \(length) bytes; fetch again")
        }
    }
}
