import FrameEngine
import Testing

@Suite struct JP2ContainerTests {
    private static let signature: [UInt8] = [0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20, 0x0d, 0x0a, 0x87, 0x0a]
    private static let codestream: [UInt8] = [0xff, 0x4f, 0xff, 0x51, 1, 2, 3, 4, 5]

    private static func bigEndian<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { [UInt8]($0) }
    }

    private static func box(_ type: String, _ content: [UInt8], length: UInt32? = nil) -> [UInt8] {
        bigEndian(length ?? UInt32(content.count + 8)) + Array(type.utf8) + content
    }

    private static let head =
        signature + box("ftyp", Array("jp2 \0\0\0\0jp2 ".utf8))
        + box("jp2h", box("ihdr", bigEndian(UInt32(7)) + bigEndian(UInt32(9)) + [0, 3, 7, 7, 1, 0]))

    private func parse(_ bytes: [UInt8]) throws(DecodeError) -> JP2Container {
        let buffer = DecodeFixtures.buffer(bytes, pool: BufferPool())
        return try JP2Container(parsing: buffer.bytes)
    }

    private func kind(of bytes: [UInt8]) -> DecodeError.Kind? {
        do {
            _ = try parse(bytes)
            return nil
        } catch { return error.kind }
    }

    @Test("a bare codestream is found as a whole")
    func bare() throws {
        let container = try parse(Self.codestream)
        #expect(container.codestream == 0..<9)
        #expect(!container.isBoxed)
        #expect(container.imageHeader == nil)
    }

    @Test("the codestream box is found with a plain length, with length 0 and with a 64-bit length")
    func lengths() throws {
        let start = Self.head.count
        let trailer = Self.box("xml ", [1, 2, 3])
        let plain = try parse(Self.head + Self.box("jp2c", Self.codestream) + trailer)
        #expect(plain.codestream == start + 8..<start + 17)
        #expect(plain.isBoxed)
        #expect(plain.imageHeader?.height == 7)
        #expect(plain.imageHeader?.width == 9)
        #expect(plain.imageHeader?.components == 3)

        let open = try parse(Self.head + Self.box("jp2c", Self.codestream, length: 0))
        #expect(open.codestream == start + 8..<start + 17)

        let long = Self.box("jp2c", Self.bigEndian(UInt64(25)) + Self.codestream, length: 1)
        #expect(try parse(Self.head + long + trailer).codestream == start + 16..<start + 25)
    }

    @Test("impossible box lengths are damage, lengths beyond the end are truncation")
    func hostileLengths() {
        for length in UInt32(2)...7 {
            #expect(kind(of: Self.head + Self.box("jp2c", Self.codestream, length: length)) == .damaged)
        }
        for length in [UInt32(18), 0x7fff_ffff, 0xffff_ffff] {
            #expect(kind(of: Self.head + Self.box("jp2c", Self.codestream, length: length)) == .truncated)
        }
        for long in [UInt64(0), 15] {
            let box = Self.box("jp2c", Self.bigEndian(long) + Self.codestream, length: 1)
            #expect(kind(of: Self.head + box) == .damaged)
        }
        for long in [UInt64(26), 1 << 32, 1 << 63, .max] {
            let box = Self.box("jp2c", Self.bigEndian(long) + Self.codestream, length: 1)
            #expect(kind(of: Self.head + box) == .truncated)
        }
    }

    @Test("boxes cut off at any byte are truncation")
    func cutOff() {
        let whole = Self.head + Self.box("jp2c", Self.codestream)
        for length in 1..<whole.count {
            #expect(kind(of: Array(whole.prefix(length))) == .truncated, "\(length)")
        }
        #expect(kind(of: whole) == nil)
    }

    @Test(
        "bytes of another kind are named in the error",
        arguments: [
            ("<html><body>Sign in</body></html>", "HTML"), ("  {\"message\": \"no\"}", "JSON"),
            ("", "0 bytes"),
            ("hello, world", "no format"),
        ])
    func otherText(text: String, word: String) {
        let error = #expect(throws: DecodeError.self) { try parse(Array(text.utf8)) }
        #expect(error?.kind == .notACodestream)
        #expect(error?.message.contains(word) == true)
        #expect(error?.isRetryable == true)
    }

    @Test("images of other formats are named in the error")
    func otherFormats() {
        let dicom = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)
        let samples: [([UInt8], String)] = [
            ([0xff, 0xd8, 0xff, 0xe0], "JPEG image"), ([0xff, 0xd8, 0xff, 0xf7], "JPEG-LS"),
            ([0x1f, 0x8b, 8], "gzip"),
            ([0x89, 0x50, 0x4e, 0x47], "PNG"), (dicom, "DICOM"),
        ]
        for (bytes, word) in samples {
            let error = #expect(throws: DecodeError.self) { try parse(bytes) }
            #expect(error?.message.contains(word) == true)
        }
    }
}
