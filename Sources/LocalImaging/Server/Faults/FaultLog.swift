import Foundation
import Synchronization

/// A file with one JSON line for each injected fault, in the order in which they were injected. Any thread.
final class FaultLog: Sendable {
    /// One line.
    struct Entry: Encodable {
        let operation: String
        /// The frame's id; nil where no frame is concerned.
        let frame: String?
        /// Which request for it since its last whole answer: 1 for the first. Nil where that plays no part.
        let attempt: Int?
        /// The fault's word in the grammar.
        let fault: String
        /// More about it: `1200 of 3400 bytes`.
        let detail: String?
    }

    private let file: Mutex<FileHandle>

    /// Makes the file, or goes on behind what is there.
    init(path: String) throws(LocalServerError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .faultLog(path: path, errno: errno) }
        file = Mutex(FileHandle(fileDescriptor: descriptor, closeOnDealloc: true))
    }

    /// Writes a line. A log that cannot be written does not stop the server.
    func append(_ entry: Entry) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(entry) else { return }
        file.withLock { try? $0.write(contentsOf: data + [UInt8(ascii: "\n")]) }
    }
}
