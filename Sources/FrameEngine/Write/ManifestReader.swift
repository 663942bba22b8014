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
    public static func forEachRecord(in path: String, _ body: (ManifestRecord) throws -> Void) throws {
        guard let stream = fopen(path, "re") else {
            let reason = String(cString: strerror(errno))
            throw ManifestError(
                path: path, line: nil, problem: "\(reason); give the folder that a fetch wrote into")
        }
        defer { fclose(stream) }
        let decoder = JSONDecoder()
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        var number = 0
        while true {
            let length = getline(&line, &capacity, stream)
            guard length > 0, let line else { return }
            number += 1
            guard line[length - 1] == CChar(bitPattern: UInt8(ascii: "\n")) else { return }
            if length == 1 { continue }
            let data = Data(bytesNoCopy: line, count: length - 1, deallocator: .none)
            guard let record = try? decoder.decode(ManifestRecord.self, from: data) else {
                throw ManifestError(path: path, line: number, problem: "not a manifest record")
            }
            try body(record)
        }
    }
}
