import Crypto
import Foundation

/// MD5 where S3 has it: as the proof of a body that arrived whole, and as the ETag of objects that were put in one piece.
///
/// It proves nothing against somebody who means harm; signatures do that.
package enum ContentMD5 {
    /// The value of `Content-MD5` (RFC 1864).
    package static func base64(of bytes: [UInt8]) -> String {
        Data(digest(bytes)).base64EncodedString()
    }

    /// 32 lower-case hex digits, as an ETag has them between its quotes.
    package static func hexadecimal(of bytes: [UInt8]) -> String {
        digest(bytes).map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0\(digits)" : digits
        }.joined()
    }

    private static func digest(_ bytes: [UInt8]) -> Insecure.MD5.Digest {
        Insecure.MD5.hash(data: bytes)
    }
}
