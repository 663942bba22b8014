import FrameEngine
import Testing

@Suite struct CRC32Tests {
    /// The checksum by its definition (ISO 3309): one bit at a time, reflected.
    private static func bitwise(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var remainder: UInt32 = 0xffff_ffff
        for byte in bytes {
            remainder ^= UInt32(byte)
            for _ in 0..<8 { remainder = (remainder >> 1) ^ (remainder & 1 == 1 ? 0xedb8_8320 : 0) }
        }
        return ~remainder
    }

    @Test(
        "known values",
        arguments: [
            ("", UInt32(0)), ("a", 0xe8b7_be43), ("abc", 0x3524_41c2), ("message digest", 0x2015_9d7f),
            ("123456789", 0xcbf4_3926),
        ])
    func known(text: String, expected: UInt32) {
        #expect(CRC32.checksum(Array(text.utf8)) == expected)
    }

    @Test("equals the definition for every short length and at every alignment")
    func definition() {
        let bytes = (0..<700).map { UInt8(truncatingIfNeeded: $0 &* 197 ^ $0 >> 3) }
        for length in Array(0...80) + [127, 128, 129, 255, 256, 511, 600] {
            for start in [0, 1, 3, 7, 16, 33] {
                let part = bytes[start..<start + length]
                #expect(
                    bytes.withUnsafeBytes { CRC32.checksum(.init(rebasing: $0[part.indices])) }
                        == Self.bitwise(part))
            }
        }
    }

    @Test("a checksum continues where another ended, wherever the data is split")
    func split() {
        let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let whole = CRC32.checksum(bytes)
        for cut in 0...bytes.count {
            let first = CRC32.checksum(Array(bytes[..<cut]))
            #expect(CRC32.checksum(Array(bytes[cut...]), continuing: first) == whole)
        }
    }

    @Test("is shown in eight lower-case digits")
    func hexadecimal() {
        #expect(CRC32.hexadecimal(0) == "00000000")
        #expect(CRC32.hexadecimal(0xab) == "000000ab")
        #expect(CRC32.hexadecimal(.max) == "ffffffff")
    }
}
