import Foundation
import Testing

@testable import FrameEngine

@Suite("Checking an output folder")
struct OutputVerifierTests {
    private static let frames = 500

    private static func contents(_ number: Int) -> [UInt8] { Array("frame \(number)".utf8) }

    /// One file a frame, and two records of each: the first has another checksum, as from a run before.
    private func makeFolder() throws -> (folder: TemporaryFolder, files: [String]) {
        let folder = try TemporaryFolder()
        var lines: [UInt8] = []
        var files: [String] = []
        for isStale in [true, false] {
            for number in 0..<Self.frames {
                var outcome = ManifestTests.outcome(number)
                let file = "frames/\(number).raw"
                let contents = Self.contents(number)
                outcome.file = file
                outcome.fileBytes = contents.count
                outcome.fileCRC32 = isStale ? 1 : contents.withUnsafeBytes { CRC32.checksum($0) }
                lines += outcome.manifestLine()
                if !isStale { files.append(file) }
            }
        }
        try FileManager.default.createDirectory(
            atPath: folder.file("frames"), withIntermediateDirectories: true)
        for (number, file) in files.enumerated() {
            try Data(Self.contents(number)).write(to: URL(fileURLWithPath: folder.file(file)))
        }
        try Data(lines).write(to: URL(fileURLWithPath: folder.file("manifest.jsonl")))
        return (folder, files)
    }

    @Test(
        "each file is checked once, against its last record, on any number of threads", arguments: [1, 3, 16])
    func clean(workers: Int) async throws {
        let (folder, files) = try makeFolder()
        let result = try await OutputVerifier(directory: folder.path, workers: workers).run { _, _, _ in }
        #expect(result.isClean)
        #expect(result.records == 2 * Self.frames)
        #expect(result.filesNamed == files.count)
        #expect(result.filesChecked == files.count)
    }

    @Test("every file that is not as it was written is named, and once")
    func findings() async throws {
        let (folder, files) = try makeFolder()
        try FileManager.default.removeItem(atPath: folder.file(files[0]))
        try Data("frame X".utf8).write(to: URL(fileURLWithPath: folder.file(files[7])))
        try Data("frame 1000".utf8).write(to: URL(fileURLWithPath: folder.file(files[Self.frames - 1])))
        try Data().write(to: URL(fileURLWithPath: folder.file("frames/more.raw")))
        let found = Shared<[String]>([])
        let result = try await OutputVerifier(directory: folder.path, workers: 4).run { file, finding, _ in
            found.withLock { $0.append("\(finding.rawValue) \(file)") }
        }
        #expect(
            found.value.sorted() == [
                "changed \(files[Self.frames - 1])", "changed \(files[7])", "extra frames/more.raw",
                "missing \(files[0])",
            ])
        #expect(result.filesChecked == files.count)
    }

    @Test("a record that does not say what is in its file is damage, and everything else is checked")
    func recordWithoutChecksum() async throws {
        let (folder, files) = try makeFolder()
        let path = folder.file("manifest.jsonl")
        var lines = try String(contentsOfFile: path, encoding: .utf8)
        // The first record of each file was superseded by a later one.
        let range = try #require(lines.range(of: #""fileCrc32":"00000001""#))
        lines.replaceSubrange(range, with: #""fileCrc32":"no hex""#)
        try Data(lines.utf8).write(to: URL(fileURLWithPath: path))
        let found = Shared<[String]>([])
        let result = try await OutputVerifier(directory: folder.path, workers: 2).run {
            file, finding, detail in
            found.withLock { $0.append("\(finding.rawValue) \(file): \(detail)") }
        }
        #expect(found.value == ["damaged manifest.jsonl: damaged record at line 1"])
        #expect(result.filesChecked == files.count)
    }

    @Test("a folder that was moved to another disk, with a link in its place, is looked into")
    func linkedFolder() async throws {
        let (folder, files) = try makeFolder()
        let elsewhere = try TemporaryFolder()
        try FileManager.default.moveItem(atPath: folder.file("frames"), toPath: elsewhere.file("moved"))
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("frames"), withDestinationPath: elsewhere.file("moved"))
        try Data().write(to: URL(fileURLWithPath: elsewhere.file("moved/more.raw")))
        // Circles are not walked, and what leads nowhere is named.
        try FileManager.default.createSymbolicLink(
            atPath: elsewhere.file("moved/circle"), withDestinationPath: folder.path)
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("nowhere"), withDestinationPath: folder.file("none"))
        let root = elsewhere.file("root")
        try FileManager.default.createSymbolicLink(atPath: root, withDestinationPath: folder.path)
        let found = Shared<[String]>([])
        let result = try await OutputVerifier(directory: root, workers: 2).run { file, finding, _ in
            found.withLock { $0.append("\(finding.rawValue) \(file)") }
        }
        #expect(result.filesChecked == files.count)
        #expect(found.value.contains("extra frames/more.raw"))
        #expect(found.value.contains("extra nowhere"))
        #expect(!found.value.contains("extra frames"))
        #expect(result.missing + result.changed + result.unreadable == 0)
    }

    @Test("the parts of a manifest hold each of its lines once, wherever they are cut")
    func parts() throws {
        let (folder, _) = try makeFolder()
        let path = folder.file("manifest.jsonl")
        var whole: [ManifestReader.Place] = []
        try ManifestReader.forEachLine(in: path) { place, _ in whole.append(place) }
        let end = whole.map { $0.offset + $0.length }.max() ?? 0
        for size in [1 << 10, 4099, 100_000, end - 1, end] {
            var offsets: [Int] = []
            for start in stride(from: 0, to: end, by: size) {
                try ManifestReader.forEachLine(in: path, beginningIn: start..<min(start + size, end)) {
                    place, _ in
                    offsets.append(place.offset)
                }
            }
            #expect(offsets == whole.map(\.offset), "in parts of \(size) bytes")
        }
    }
}
