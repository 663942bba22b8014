import Foundation
import Testing

@testable import FrameEngine

@Suite("Reading lines of a manifest again")
struct ManifestFileTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file(ManifestWriter.fileName) }

    init() throws { folder = try TemporaryFolder() }

    /// Records of frames 0, 1…, each followed by so many bytes that mean nothing.
    private func write(_ extraBytes: [Int]) throws -> [Int] {
        var text = Data()
        var offsets: [Int] = []
        for (number, extra) in extraBytes.enumerated() {
            offsets.append(text.count)
            let line = ManifestTests.outcome(number).manifestLine()
            text += Data(#"{"extra":""#.utf8) + Data(repeating: 0x78, count: extra) + Data(#"","#.utf8)
            text += Data(line.dropFirst())
        }
        try text.write(to: URL(fileURLWithPath: path))
        return offsets
    }

    private func frameNumber(at offset: Int, _ lines: ManifestLines) throws -> Int? {
        try lines.withLine(at: offset) { $0?.frameNumber }
    }

    @Test("a line is found by its offset, in any order and of any length that a record can have")
    func order() throws {
        let offsets = try write((0..<100).map { $0 % 10 == 3 ? 20_000 * ($0 / 10) : 7 * $0 })
        let lines = ManifestLines(try ManifestFile(path))
        for number in Array(0..<100) + (0..<100).shuffled() + (0..<100).reversed() {
            #expect(try frameNumber(at: offsets[number], lines) == number)
        }
    }

    @Test(
        "there is no record in the middle of a line, behind the last one, or in an unfinished or endless one")
    func noRecord() throws {
        let offsets = try write([0, 0, 3 << 20, 0])
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        let size = Int(try handle.seekToEnd())
        try handle.truncate(atOffset: UInt64(size - 1))
        try handle.close()
        let lines = ManifestLines(try ManifestFile(path))
        for offset in [offsets[0] + 1, offsets[2], offsets[3], size - 1, size, size + 10_000] {
            #expect(try frameNumber(at: offset, lines) == nil)
        }
        #expect(try frameNumber(at: offsets[1], lines) == 1)
    }

    @Test("lines of a length are counted across all reads, and what follows the last line feed is none")
    func counting() throws {
        func count(_ text: String, _ length: Int) throws -> [Int] {
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            let counted = try ManifestFile(path).countLines(ofAtLeast: length)
            return [counted.lines, counted.bytes]
        }
        #expect(try count("", 0) == [0, 0])
        #expect(try count("abc", 0) == [0, 0])
        #expect(try count("abc\nab\nabcd\nabcd", 3) == [2, 12])
        let long = String(repeating: "x", count: 300_000) + "\n"
        #expect(try count(long + "\n" + long + "x", 300_000) == [2, 600_003])
        #expect(try count(long + "\n" + long + "x", 300_001) == [0, 600_003])
        #expect(throws: ManifestError.self) { try ManifestFile(folder.file("nothing")) }
        #expect(throws: ManifestError.self) { try ManifestFile(folder.path) }
    }
}
