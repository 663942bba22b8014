import Foundation

/// One line of `manifest.jsonl`, as far as checking and resuming need it.
public struct ManifestRecord: Sendable {
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
    /// Size of `file`; nil in manifests that do not tell.
    public let fileBytes: Int?

    /// Nil where a text is no UTF-8.
    init?(_ line: ManifestLine) {
        guard let datastoreId = line.datastoreID.string, let imageSetId = line.imageSetID.string,
            let imageFrameId = line.imageFrameID.string
        else { return nil }
        self.datastoreId = datastoreId
        self.imageSetId = imageSetId
        self.imageFrameId = imageFrameId
        frameNumber = line.frameNumber
        status = line.status
        file = line.file?.string
        encodedBytes = line.encodedBytes
        decodedBytes = line.decodedBytes
        crc32 = line.crc32?.string
        fileCrc32 = line.fileCRC32?.string
        codestreamFile = line.codestreamFile?.string
        codestreamCrc32 = line.codestreamCRC32?.string
        decoder = line.decoder?.string
        fileBytes = line.fileBytes
    }
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

/// Reads a manifest line by line; a manifest of millions of lines needs no more memory than one of a few.
public struct ManifestReader {
    /// A line as it stands in the file.
    struct Place: Sendable, Equatable {
        /// 1-based.
        let number: Int
        /// Where the line begins, and its length without the line feed, in bytes.
        let offset: Int
        let length: Int
    }

    /// The longest line, in bytes, that can be a record. Records have some 800.
    static let lineLimit = 1 << 20

    /// Calls `body` for each record, in the order written. An unfinished last line is passed over: the run that
    /// wrote it was killed before the frame counted.
    ///
    /// - Parameter onDamage: called with the number (1-based) of a line that is no record, which is then passed over;
    ///   without it such a line is an error.
    /// - Throws: `ManifestError` when the file cannot be opened or read to its end; what `body` throws.
    public static func forEachRecord(
        in path: String, onDamage: ((_ line: Int) -> Void)? = nil, _ body: (ManifestRecord) throws -> Void
    ) throws {
        try forEachLine(in: path) { place, line in
            if case .success(let line) = line, let record = ManifestRecord(line) { return try body(record) }
            guard let onDamage else {
                throw ManifestError(path: path, line: place.number, problem: "not a manifest record")
            }
            onDamage(place.number)
        }
    }

    /// Calls `body` for each line that is neither blank nor unfinished, in the order written. What it is given is
    /// valid until it returns.
    ///
    /// - Parameter range: only lines that begin at these offsets, in bytes; they are numbered from the range's first.
    /// - Throws: as `forEachRecord`.
    static func forEachLine(
        in path: String, beginningIn range: Range<Int> = 0..<Int.max,
        _ body: (Place, Result<ManifestLine, ManifestLine.Problem>) throws -> Void
    ) throws {
        let descriptor = try open(path)
        defer { close(descriptor) }
        // From the byte before on: only behind a line feed does a line begin.
        var offset = max(range.lowerBound - 1, 0)
        var isPassing = range.lowerBound > 0
        if offset > 0, lseek(descriptor, off_t(offset), SEEK_SET) < 0 { throw unreadable(path, errno: errno) }
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: lineLimit, alignment: 16)
        defer { chunk.deallocate() }
        guard let base = chunk.baseAddress else { return }
        var filled = 0
        // `offset` is that of the first byte in `chunk`.
        var number = 0
        /// Bytes of the present line that were dropped because it is too long.
        var dropped = 0
        var droppedIsBlank = true
        while true {
            let count = read(descriptor, base + filled, chunk.count - filled)
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw unreadable(path, errno: errno) }
            if count == 0 { return }
            filled += count
            var start = 0
            while let feed = memchr(base + start, Int32(UInt8(ascii: "\n")), filled - start) {
                let end = UnsafeRawPointer(feed) - UnsafeRawPointer(base)
                if isPassing {
                    isPassing = false
                    dropped = 0
                    droppedIsBlank = true
                    start = end + 1
                    continue
                }
                if offset + start - dropped >= range.upperBound { return }
                number += 1
                let bytes = UnsafeRawBufferPointer(rebasing: chunk[start..<end])
                let place = Place(
                    number: number, offset: offset + start - dropped, length: end - start + dropped)
                // A damaged line of any length is blank once it was repaired.
                if !droppedIsBlank || !Self.isBlank(bytes) {
                    try body(
                        place,
                        dropped > 0
                            ? .failure(.damaged)
                            : Result { () throws(ManifestLine.Problem) in try ManifestLine(bytes) })
                }
                dropped = 0
                droppedIsBlank = true
                start = end + 1
            }
            if start == 0, filled == chunk.count {
                droppedIsBlank = droppedIsBlank && Self.isBlank(UnsafeRawBufferPointer(chunk))
                dropped += filled
                start = filled
            }
            (base).copyMemory(from: base + start, byteCount: filled - start)
            filled -= start
            offset += start
        }
    }

    private static func isBlank(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.allSatisfy { $0 == UInt8(ascii: " ") }
    }

    /// Opens a regular file only: a pipe of that name would wait for a writer.
    static func open(_ path: String) throws(ManifestError) -> Int32 {
        let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw unreadable(path, errno: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw ManifestError(path: path, line: nil, problem: "it is not a regular file")
        }
        return descriptor
    }

    static func unreadable(_ path: String, errno: Int32) -> ManifestError {
        ManifestError(
            path: path, line: nil,
            problem: "\(String(cString: strerror(errno))); give the folder that a fetch wrote into")
    }
}
