import Foundation

/// A manifest that stays open, so that lines of it can be read again. Any thread.
final class ManifestFile: Sendable {
    let path: String
    private let descriptor: Int32

    /// - Throws: `ManifestError` when it cannot be opened.
    init(_ path: String) throws(ManifestError) {
        self.path = path
        descriptor = try ManifestReader.open(path)
    }

    deinit { close(descriptor) }

    /// Fills `bytes` from `offset` on, as far as the file goes.
    ///
    /// - Returns: how many bytes were filled.
    func read(_ bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(ManifestError) -> Int {
        var filled = 0
        while filled < bytes.count, let base = bytes.baseAddress {
            let count = pread(descriptor, base + filled, bytes.count - filled, off_t(offset + filled))
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw ManifestReader.unreadable(path, errno: errno) }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// Counts finished lines of at least `length` bytes.
    ///
    /// - Returns: their number, and how many bytes all finished lines take together.
    func countLines(ofAtLeast length: Int) throws(ManifestError) -> (lines: Int, bytes: Int) {
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { chunk.deallocate() }
        guard let base = chunk.baseAddress else { return (0, 0) }
        var lines = 0
        var offset = 0
        var lineStart = 0
        while true {
            let filled = try read(chunk, at: offset)
            if filled == 0 { return (lines, lineStart) }
            var start = 0
            while let feed = memchr(base + start, Int32(UInt8(ascii: "\n")), filled - start) {
                let end = UnsafeRawPointer(feed) - UnsafeRawPointer(base)
                if offset + end - lineStart >= length { lines += 1 }
                start = end + 1
                lineStart = offset + start
            }
            offset += filled
        }
    }
}

/// Lines of a manifest by their offsets. Lines that follow each other are mostly read in one go. Used by one thread.
final class ManifestLines {
    /// Some eight records.
    private static let windowSize = 8 << 10

    private let file: ManifestFile
    private var window = UnsafeMutableRawBufferPointer.allocate(byteCount: windowSize, alignment: 16)
    /// What of the file is in the window.
    private var range = 0..<0

    init(_ file: ManifestFile) { self.file = file }

    deinit { window.deallocate() }

    /// Calls `body` with the line that begins at `offset`, valid until it returns; with nil where there is no record.
    ///
    /// - Throws: `ManifestError` when the file cannot be read.
    func withLine<Result>(at offset: Int, _ body: (ManifestLine?) throws -> Result) throws -> Result {
        if let line = lineInWindow(at: offset) { return try body(try? ManifestLine(line)) }
        try fill(from: offset)
        while true {
            if let line = lineInWindow(at: offset) { return try body(try? ManifestLine(line)) }
            // The file ends in the line, or the line is longer than any record.
            guard range.count == window.count, window.count < ManifestReader.lineLimit else {
                return try body(nil)
            }
            window.deallocate()
            window = .allocate(byteCount: ManifestReader.lineLimit, alignment: 16)
            try fill(from: offset)
        }
    }

    private func fill(from offset: Int) throws {
        range = 0..<0
        range = offset..<offset + (try file.read(window, at: offset))
    }

    private func lineInWindow(at offset: Int) -> UnsafeRawBufferPointer? {
        guard range.contains(offset), let base = window.baseAddress else { return nil }
        let start = base + (offset - range.lowerBound)
        guard let feed = memchr(start, Int32(UInt8(ascii: "\n")), range.upperBound - offset) else {
            return nil
        }
        return UnsafeRawBufferPointer(start: start, count: feed - start)
    }
}
