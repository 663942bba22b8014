import Foundation

/// A small file that tells who somebody is: a token.
enum SmallFile {
    /// Why it cannot be read, in words that complete "the file …".
    struct Problem: Error {
        let text: String
    }

    /// The largest, in bytes, that is read.
    static let bytesLimit = 1 << 20

    /// The whole file, read anew at each call: whoever renews tokens writes them there.
    static func read(_ path: String) throws(Problem) -> [UInt8] {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw Problem(text: errno == ENOENT ? "does not exist" : "cannot be read; check its permissions")
        }
        // A pipe without a writer would be waited for without an end.
        guard status.st_mode & S_IFMT == S_IFREG else { throw Problem(text: "is not a plain file") }
        guard status.st_size <= bytesLimit else { throw Problem(text: "is larger than a token can be") }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Problem(text: "cannot be read; check its permissions")
        }
        return Array(data)
    }
}
