import Testing

@testable import LocalImaging

@Suite("Bodies in chunks")
struct ChunkedPayloadTests {
    private static let body =
        "5\r\nhello\r\n6;chunk-signature=x\r\n world\r\n0\r\nX-Amz-Checksum-CRC32: abc \r\n\r\n"

    /// The payload of a body that arrives in pieces.
    private func payload(
        _ body: [UInt8], piece: Int, limit: Int = 100
    ) throws -> (text: String, chunked: ChunkedPayload) {
        var chunked = ChunkedPayload(seal: nil, limit: limit)
        var bytes: [UInt8] = []
        var rest = body[...]
        while !rest.isEmpty {
            try Array(rest.prefix(piece)).withUnsafeBytes { raw in
                try chunked.feed(raw) { (piece) throws(S3Error) in bytes += piece }
            }
            rest = rest.dropFirst(piece)
        }
        return (String(decoding: bytes, as: UTF8.self), chunked)
    }

    @Test("a body is read however it is cut into pieces", arguments: [1, 2, 3, 7, 1000])
    func pieces(_ size: Int) throws {
        let (text, chunked) = try payload(Array(Self.body.utf8), piece: size)
        #expect(text == "hello world")
        #expect(chunked.isComplete && chunked.count == 11)
        #expect(chunked.trailers == ["x-amz-checksum-crc32": "abc"])
    }

    @Test("every beginning of a body is incomplete and no other harm")
    func beginnings() throws {
        let bytes = Array(Self.body.utf8)
        for count in 0..<bytes.count {
            #expect(try !payload(Array(bytes.prefix(count)), piece: 4).chunked.isComplete)
        }
    }

    @Test(
        "what is not in the form, or too long, is refused",
        arguments: [
            "x\r\n", "-1\r\n", "+5\r\nhello\r\n", "\r\n", "5 \r\nhello\r\n", "5\nhello\r\n",
            "5\r\nhelloX\r\n",
            "5\r\nhello\r\r\n", "123456789\r\n", "FFFFFFFF\r\n", "65\r\n", "0\r\nno colon\r\n\r\n",
            "0\r\na:1\r\nA:2\r\n\r\n",
            "0\r\n\r\nmore", "0\r\n:empty\r\n\r\n", "0;" + String(repeating: "a", count: 2000) + "\r\n",
            String(repeating: "0", count: 2000), "0\r\n" + (0..<40).map { "t\($0):1\r\n" }.joined(),
        ])
    func refused(_ body: String) {
        for piece in [1, 5, 5000] {
            #expect(throws: S3Error.self) { try payload(Array(body.utf8), piece: piece) }
        }
    }

    @Test("the sum of the chunks is limited before their bytes are taken")
    func limit() throws {
        #expect(try payload(Array("5\r\nhello\r\n0\r\n\r\n".utf8), piece: 3, limit: 5).text == "hello")
        #expect(throws: S3Error.tooLarge(5)) {
            try payload(Array("3\r\nhel\r\n3\r\n".utf8), piece: 3, limit: 5)
        }
    }

    @Test("any single byte changed neither crashes nor hangs, and a change of form is seen")
    func mutations() {
        let bytes = Array(Self.body.utf8)
        var refused = 0
        for index in bytes.indices {
            for value in [0, 0x0A, 0x0D, 0x30, 0x7F, 0xFF] as [UInt8] {
                var changed = bytes
                changed[index] = value
                if (try? payload(changed, piece: 6)) == nil { refused += 1 }
            }
        }
        #expect(refused > 50)
    }
}
