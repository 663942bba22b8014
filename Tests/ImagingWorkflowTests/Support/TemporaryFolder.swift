import Foundation

/// A folder that exists for one test.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "hi-fetch-test-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file that is a DICOM file by its first bytes, or not.
    func write(_ name: String, _ content: String, isDICOM: Bool = true) throws {
        let file = URL(fileURLWithPath: "\(path)/\(name)")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        let head = isDICOM ? Data(count: 128) + Data("DICM".utf8) : Data()
        try (head + Data(content.utf8)).write(to: file)
    }
}
