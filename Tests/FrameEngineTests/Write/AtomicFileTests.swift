import Foundation
import Testing

@testable import FrameEngine

@Suite("Writing files")
struct AtomicFileTests {
    private func write(_ text: String, to path: String) throws {
        try AtomicFile.write(Array(text.utf8), to: path, tag: "0")
    }

    @Test("a file is whole under its name and nothing else is left")
    func whole() throws {
        let folder = try TemporaryFolder()
        try write("first", to: folder.file("a.raw"))
        try write("second, longer", to: folder.file("a.raw"))
        try write("3", to: folder.file("a.raw"))
        #expect(try folder.names() == ["a.raw"])
        #expect(try String(contentsOfFile: folder.file("a.raw"), encoding: .utf8) == "3")
    }

    @Test("a full disk is an error with its name, and the unfinished file is removed")
    func fullDisk() throws {
        let descriptor = open("/dev/full", O_WRONLY)
        defer { close(descriptor) }
        let error = #expect(throws: WriteError.self) {
            try AtomicFile.write([UInt8](repeating: 0, count: 10_000), to: descriptor, path: "out/frame.raw")
        }
        #expect(error?.code == "ENOSPC")
        #expect(error?.message.contains("out/frame.raw") == true)
        #expect(error?.message.contains("free some space") == true)
        #expect(error?.isRetryable == false)
    }

    @Test("a synced file is as whole as any")
    func synced() throws {
        let folder = try TemporaryFolder()
        try AtomicFile.write([1, 2, 3], to: folder.file("a.raw"), tag: "0", isSynced: true)
        #expect(try folder.names() == ["a.raw"])
        #expect(FileManager.default.contents(atPath: folder.file("a.raw")) == Data([1, 2, 3]))
        try OutputDirectory(folder.path).syncAll()
    }

    @Test("a folder that cannot be made says which and why")
    func unwritable() throws {
        let folder = try TemporaryFolder()
        try write("a file", to: folder.file("file"))
        let error = #expect(throws: WriteError.self) { try OutputDirectory(folder.file("file/output")) }
        #expect(error?.message.contains("file") == true)
        #expect(error?.message.contains("a file stands where a folder is needed") == true)
    }
}

@Suite("The manifest")
struct ManifestTests {
    static let instance = PlannedInstance(
        datastoreID: HealthImagingID(String(repeating: "a", count: 32)) ?? Self.unreachable(),
        imageSetID: HealthImagingID(String(repeating: "b", count: 32)) ?? Self.unreachable(),
        versionID: "1", studyInstanceUID: "1.2", seriesInstanceUID: "1.2.3", sopInstanceUID: "1.2.3.4")

    static func unreachable() -> HealthImagingID { preconditionFailure("a literal id is well formed") }

    static func outcome(_ number: Int, status: FrameStatus = .verified) -> FrameOutcome {
        let hexadecimal = String(number, radix: 16)
        let id = String(repeating: "0", count: 32 - hexadecimal.count) + hexadecimal
        let frame = PlannedFrame(
            instance: instance, frameNumber: number, imageFrameID: HealthImagingID(id) ?? unreachable(),
            checksum: ResolutionChecksum(width: 2, height: 2, crc32: 0xdead_beef))
        var outcome = FrameOutcome(frame: frame, status: status)
        outcome.file = OutputDirectory.relativePath(of: frame, extension: "raw")
        outcome.crc32 = 0x0000_00ff
        outcome.attempts = 1
        return outcome
    }

    @Test("a line has the keys of the contract, in its order, and survives odd text")
    func line() throws {
        var outcome = Self.outcome(7, status: .failed)
        outcome.failure = FrameFailure(
            stage: .decode, code: "truncated", message: "a \"quote\"\n\u{1} and \\")
        let line = outcome.manifestLine()
        let keys = String(decoding: line, as: UTF8.self).matches(of: /"([A-Za-z0-9]+)":/).map { String($0.1) }
        #expect(
            keys == [
                "datastoreId", "imageSetId", "versionId", "studyInstanceUID", "seriesInstanceUID",
                "sopInstanceUID", "frameNumber", "imageFrameId", "status", "file", "encodedBytes",
                "decodedBytes", "width", "height", "components", "bitsPerSample", "signed", "crc32Expected",
                "crc32", "decoder", "attempts", "error", "stage", "code", "message", "fileCrc32",
                "codestreamFile", "codestreamCrc32", "resolution", "reduction", "unverifiableReason",
                "format", "fileBytes", "mismatchCause",
            ])
        let object = try #require(JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
        #expect(object["crc32"] as? String == "000000ff")
        #expect(object["crc32Expected"] as? String == "deadbeef")
        #expect((object["error"] as? [String: Any])?["message"] as? String == "a \"quote\"\n\u{1} and \\")
        #expect(object["width"] is NSNull)
    }

    @Test("what is appended is read back, over several openings")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let directory = try OutputDirectory(folder.path)
        for number in 1...3 {
            let writer = try ManifestWriter(in: directory)
            try writer.append(Self.outcome(number))
            writer.closeFile()
        }
        var numbers: [Int] = []
        try ManifestReader.forEachRecord(in: folder.file("manifest.jsonl")) { numbers.append($0.frameNumber) }
        #expect(numbers == [1, 2, 3])
    }

    @Test("half a line at the end, at any length, is cut off and the rest kept")
    func tornLine() throws {
        let folder = try TemporaryFolder()
        let directory = try OutputDirectory(folder.path)
        let path = folder.file("manifest.jsonl")
        let lines = (1...2).map { Self.outcome($0).manifestLine() }
        #expect(lines[1].starts(with: FrameOutcome.manifestLineBeginning))
        for length in stride(from: 1, to: lines[1].count - 1, by: 13) {
            try Data(lines[0] + lines[1][..<length]).write(to: URL(fileURLWithPath: path))
            let writer = try ManifestWriter(in: directory)
            try writer.append(Self.outcome(3))
            writer.closeFile()
            var numbers: [Int] = []
            try ManifestReader.forEachRecord(in: path) { numbers.append($0.frameNumber) }
            #expect(numbers == [1, 3], "torn after \(length) bytes")
        }
    }

    @Test("zeros in the place of the last line, as a loss of power leaves them, are cut off")
    func zeros() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("manifest.jsonl")
        let line = Self.outcome(1).manifestLine()
        try Data(line + [UInt8](repeating: 0, count: 5000)).write(to: URL(fileURLWithPath: path))
        try ManifestWriter(in: OutputDirectory(folder.path)).closeFile()
        #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))) == line)
    }

    @Test(
        "a last line without its end is kept where it is a whole record, or no record of ours was begun there"
    )
    func lastLineWithoutEnd() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("manifest.jsonl")
        let record = Self.outcome(1).manifestLine()
        let foreign = [#"{"audio":"a.wav"}"#, "file a.wav", #"{"datastore":1}"#].map { Array($0.utf8) }
        for line in [Array(record.dropLast())] + foreign {
            try Data(line).write(to: URL(fileURLWithPath: path))
            let writer = try ManifestWriter(in: OutputDirectory(folder.path))
            try writer.append(Self.outcome(2))
            writer.closeFile()
            let now = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
            #expect(now == line + [UInt8(ascii: "\n")] + Self.outcome(2).manifestLine())
        }
    }

    @Test("a synced writer keeps every line that is appended from many threads")
    func synced() async throws {
        let folder = try TemporaryFolder()
        let writer = try ManifestWriter(in: try OutputDirectory(folder.path), isSynced: true)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...50 { group.addTask { try writer.append(Self.outcome(number)) } }
            try await group.waitForAll()
        }
        writer.closeFile()
        var numbers: Set<Int> = []
        try ManifestReader.forEachRecord(in: folder.file("manifest.jsonl")) { numbers.insert($0.frameNumber) }
        #expect(numbers == Set(1...50))
    }

    @Test("a second writer in the same folder is refused")
    func locked() throws {
        let folder = try TemporaryFolder()
        let directory = try OutputDirectory(folder.path)
        let first = try ManifestWriter(in: directory)
        let error = #expect(throws: WriteError.self) { try ManifestWriter(in: directory) }
        #expect(error?.code == "in-use")
        #expect(error?.message.contains("another hi-fetch") == true)
        first.closeFile()
        let second = try ManifestWriter(in: directory)
        second.closeFile()
    }

    @Test("after a line that did not fit on the disk, the next one stands by itself")
    func fullDisk() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("manifest.jsonl")
        let calls = Shared(0)
        let writer = try ManifestWriter(in: try OutputDirectory(folder.path)) {
            (line, descriptor, path) throws(WriteError) in
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            guard call == 2 else { return try AtomicFile.write(line, to: descriptor, path: path) }
            // Half a line, then no space: what a full disk does.
            try AtomicFile.write(Array(line[..<100]), to: descriptor, path: path)
            throw WriteError(operation: "write", path: path, errno: ENOSPC)
        }
        try writer.append(Self.outcome(1))
        #expect(throws: WriteError.self) { try writer.append(Self.outcome(2)) }
        try writer.append(Self.outcome(3))
        writer.closeFile()
        var numbers: [Int] = []
        try ManifestReader.forEachRecord(in: path) { numbers.append($0.frameNumber) }
        #expect(numbers == [1, 3])
    }

    @Test("a new run removes unfinished files and the old report, and nothing else")
    func leftovers() throws {
        let folder = try TemporaryFolder()
        let inside = "\(Self.instance.datastoreID)/\(Self.instance.imageSetID)"
        try FileManager.default.createDirectory(
            atPath: folder.file(inside), withIntermediateDirectories: true)
        let names = [".1.raw.0.partial", "kept.raw", ".other"]
        let others = ["report.json", ".report.json.report.partial", ".mine.partial"]
        for name in names.map({ "\(inside)/\($0)" }) + others {
            try Data([1]).write(to: URL(fileURLWithPath: folder.file(name)))
        }
        try OutputDirectory(folder.path).removeLeftovers()
        #expect(try folder.names(in: inside) == [".other", "kept.raw"])
        #expect(try folder.names() == [".mine.partial", Self.instance.datastoreID.description])
    }
}
