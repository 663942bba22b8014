import Foundation
import Testing

@testable import LocalImaging

@Suite("Checksums of bodies")
struct PayloadDigestTests {
    /// Of "123456789": the check values of the CRC catalogue's definitions, FIPS 180-4 for the hashes.
    @Test(
        "each algorithm gives its known answer, in one piece and byte by byte",
        arguments: [
            (PayloadDigests.Algorithm.crc32, "cbf43926"), (.crc32c, "e3069283"),
            (.crc64nvme, "ae8b14860a799888"),
            (.sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
            (.sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
        ] as [(PayloadDigests.Algorithm, String)])
    func known(_ algorithm: PayloadDigests.Algorithm, _ expected: String) throws {
        for piece in [1, 9] {
            var digests = PayloadDigests([algorithm])
            for start in stride(from: 0, to: 9, by: piece) {
                Array("123456789".utf8)[start..<(start + piece)].withUnsafeBytes { digests.update($0) }
            }
            let data = try #require(Data(base64Encoded: digests.base64(algorithm)))
            #expect(ObjectWriter.hexadecimal(data) == expected)
        }
    }
}
