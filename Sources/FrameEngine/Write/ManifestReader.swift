import Foundation

/// One line of `manifest.jsonl`, as far as checking and resuming need it.
public struct ManifestRecord: Sendable, Decodable {
    public let datastoreId: String
    public let imageSetId: String
    public let imageFrameId: String
    public let frameNumber: Int
    public let status: FrameStatus
    public let file: String?
    public let encodedBytes: Int
    public let decodedBytes: Int
    /// Eight hexadecimal digits: what `crc32Expected` was compared with.
    public let crc32: String?
    /// Eight hexadecimal digits: CRC-32 of the bytes of `file`.
    public let fileCrc32: String?
    /// The bytes as served, where they were kept beside `file`.
    public let codestreamFile: String?
    /// Eight hexadecimal digits: CRC-32 of the bytes of `codestreamFile`.
    public let codestreamCrc32: String?
    public let decoder: String?
}

/// Why a manifest cannot be used.
public struct ManifestError: StageError {
    public let path: String
    /// 1-based; nil when the file as a whole is meant.
    public let line: Int?
    public let problem: String

    public var stage: Stage { .write }
    public var code: String { line == nil ? "manifest-unreadable" : "manifest-damaged" }
    public var isRetryable: Bool { false }

    public var message: String {
        guard let line else { return "cannot read \(path): \(problem)" }
        return "\(path), line \(line): \(problem)"
    }
}

/// Reads a manifest line by line; a manifest of millions of lines needs no more memory than a line.
public struct ManifestReader {
    /// Calls `body` for each record, in the order written. An unfinished last line is passed over: the run that
    /// wrote it was killed before the frame counted.
    ///
    /// - Parameter onDamage: called with the number (1-based) of a line that is no record, which is then passed over;
    ///   without it such a line is an error.
    /// - Throws: `ManifestError` when the file cannot be opened or read to its end; what `body` throws.
    public static func forEachRecord(
        in path: String, onDamage: ((_ line: Int) -> Void)? = nil, _ body: (ManifestRecord) throws -> Void
    ) throws {
        let stream = try open(path)
        defer { fclose(stream) }
        let decoder = JSONDecoder()
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        var number = 0
        while true {
            let length = getline(&line, &capacity, stream)
            guard length > 0, let line else {
                if ferror(stream) != 0 { throw unreadable(path, errno: errno) }
                return
            }
            number += 1
            guard line[length - 1] == CChar(bitPattern: UInt8(ascii: "\n")) else {
                // getline also returns what it had when a read failed.
                if ferror(stream) != 0 { throw unreadable(path, errno: errno) }
                return
            }
            if length == 1 { continue }
            let data = Data(bytesNoCopy: line, count: length - 1, deallocator: .none)
            if let record = try? decoder.decode(ManifestRecord.self, from: data) {
                try body(record)
            } else if let onDamage {
                onDamage(number)
            } else {
                throw ManifestError(path: path, line: number, problem: "not a manifest record")
            }
        }
    }

    /// Opens a regular file only: a pipe of that name would wait for a writer.
    private static func open(_ path: String) throws(ManifestError) -> UnsafeMutablePointer<FILE> {
        let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw unreadable(path, errno: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw ManifestError(path: path, line: nil, problem: "it is not a regular file")
        }
        guard let stream = fdopen(descriptor, "r") else {
            let failure = errno
            close(descriptor)
            throw unreadable(path, errno: failure)
        }
        return stream
    }

    private static func unreadable(_ path: String, errno: Int32) -> ManifestError {
        ManifestError(
            path: path, line: nil,
            problem: "\(String(cString: strerror(errno))); give the folder that a fetch wrote into")
    }
}
