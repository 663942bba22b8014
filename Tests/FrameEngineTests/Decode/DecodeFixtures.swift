import Foundation
import FrameEngine

/// The real frames beside the repository: `shared/data`, found by walking up from this file, or named by the
/// environment variable HI_FETCH_SHARED_DATA.
enum DecodeFixtures {
    static let frames: URL? = {
        if let named = ProcessInfo.processInfo.environment["HI_FETCH_SHARED_DATA"] {
            return existing(URL(fileURLWithPath: named).appendingPathComponent("frames"))
        }
        var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        while folder.path != "/" {
            if let found = existing(folder.appendingPathComponent("shared/data/frames")) { return found }
            folder.deleteLastPathComponent()
        }
        return nil
    }()

    static let areFramesPresent: Bool = {
        if frames == nil {
            print("SKIPPED: no shared/data/frames beside the repository; tests with real frames do not run")
        }
        return frames != nil
    }()

    static func bytes(of name: String) throws -> [UInt8] {
        guard let frames else { throw CocoaError(.fileNoSuchFile) }
        return [UInt8](try Data(contentsOf: frames.appendingPathComponent(name)))
    }

    /// The bytes in a buffer as a transport would hand it over.
    static func buffer(_ bytes: [UInt8], pool: BufferPool) -> PooledBuffer {
        let buffer = pool.buffer(capacity: bytes.count)
        bytes.withUnsafeBytes { buffer.append($0) }
        return buffer
    }

    private static func existing(_ folder: URL) -> URL? {
        FileManager.default.fileExists(atPath: folder.path) ? folder : nil
    }
}

extension DecodedFrame {
    var array: [UInt8] { [UInt8](bytes.bytes) }
}

extension OpenJPEGDecoder {
    func decode(_ bytes: [UInt8], reduction: Int = 0) throws(DecodeError) -> DecodedFrame {
        let pool = BufferPool()
        let buffer = DecodeFixtures.buffer(bytes, pool: pool)
        return try decode(buffer.bytes, reduction: reduction, pool: pool)
    }
}
