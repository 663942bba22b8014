import Crypto
import Foundation
import FrameEngine

/// The checksums that a client may send of a body, computed as it passes (S3 user guide, "Checking object integrity").
struct PayloadDigests {
    enum Algorithm: String, CaseIterable {
        case crc32, crc32c, crc64nvme, sha1, sha256

        /// The field, or trailer, that carries it.
        var field: String { "x-amz-checksum-" + rawValue }
    }

    private let wanted: Set<Algorithm>
    private var crc32: UInt32 = 0
    private var crc32c = TableCRC.castagnoli.start
    private var crc64nvme = TableCRC.nvme.start
    private var sha1 = Insecure.SHA1()
    private var sha256 = SHA256()

    init(_ wanted: Set<Algorithm>) { self.wanted = wanted }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        if wanted.contains(.crc32) { crc32 = CRC32.checksum(bytes, continuing: crc32) }
        if wanted.contains(.crc32c) { TableCRC.castagnoli.update(&crc32c, bytes) }
        if wanted.contains(.crc64nvme) { TableCRC.nvme.update(&crc64nvme, bytes) }
        if wanted.contains(.sha1) { sha1.update(bufferPointer: bytes) }
        if wanted.contains(.sha256) { sha256.update(bufferPointer: bytes) }
    }

    /// The checksum in base64, as fields carry it.
    func base64(_ algorithm: Algorithm) -> String {
        switch algorithm {
        case .crc32: Self.base64(bigEndian: crc32)
        case .crc32c: Self.base64(bigEndian: UInt32(truncatingIfNeeded: TableCRC.castagnoli.finish(crc32c)))
        case .crc64nvme: Self.base64(bigEndian: TableCRC.nvme.finish(crc64nvme))
        case .sha1: Data(sha1.finalize()).base64EncodedString()
        case .sha256: Data(sha256.finalize()).base64EncodedString()
        }
    }

    /// The SHA-256 in hexadecimal, as `x-amz-content-sha256` carries it.
    var sha256Hexadecimal: String { ObjectWriter.hexadecimal(sha256.finalize()) }

    private static func base64(bigEndian value: some FixedWidthInteger) -> String {
        withUnsafeBytes(of: value.bigEndian) { Data($0) }.base64EncodedString()
    }
}

/// Reflected CRCs by a table of bytes, up to 64 bits.
struct TableCRC: Sendable {
    /// CRC-32C (RFC 3720, appendix B.4): polynomial 0x1EDC6F41, reflected.
    static let castagnoli = TableCRC(reflectedPolynomial: 0x82F6_3B78, mask: 0xFFFF_FFFF)
    /// CRC-64/NVME (NVM Express NVM Command Set, 5.2.1.3.4): polynomial 0xAD93D23594C93659, reflected.
    static let nvme = TableCRC(reflectedPolynomial: 0x9A6C_9329_AC4B_C9B5, mask: .max)

    private let table: [UInt64]
    private let mask: UInt64

    private init(reflectedPolynomial: UInt64, mask: UInt64) {
        self.mask = mask
        table = (0..<256).map { byte in
            (0..<8).reduce(UInt64(byte)) { value, _ in
                value & 1 == 1 ? value >> 1 ^ reflectedPolynomial : value >> 1
            }
        }
    }

    var start: UInt64 { mask }

    func update(_ state: inout UInt64, _ bytes: UnsafeRawBufferPointer) {
        var value = state
        table.withUnsafeBufferPointer { table in
            for byte in bytes { value = table[Int((value ^ UInt64(byte)) & 0xFF)] ^ value >> 8 }
        }
        state = value
    }

    func finish(_ state: UInt64) -> UInt64 { state ^ mask }
}
