import Crypto
import Foundation

/// The rules for keys of objects. Keys are compared and ordered as bytes of UTF-8, never as text: two spellings of
/// the same character are two keys.
package enum ObjectKey {
    /// The longest key.
    package static let limitInBytes = 1024

    package static func isValid(_ key: String) -> Bool {
        !key.isEmpty && key.utf8.count <= limitInBytes
    }

    package static func isLess(_ first: String, than second: String) -> Bool {
        first.utf8.lexicographicallyPrecedes(second.utf8)
    }

    package static func isSame(_ first: String, _ second: String) -> Bool {
        first.utf8.elementsEqual(second.utf8)
    }

    package static func has(_ key: String, prefix: String) -> Bool {
        key.utf8.starts(with: prefix.utf8)
    }

    /// What a key is called on the disk: 64 hexadecimal digits, whatever the key holds.
    static func fileName(_ key: String) -> String {
        SHA256.hash(data: Data(key.utf8)).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
