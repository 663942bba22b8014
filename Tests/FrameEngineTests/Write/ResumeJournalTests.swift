import Foundation
import Testing

@testable import FrameEngine

@Suite("Resuming from the manifest")
struct ResumeJournalTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file(ManifestWriter.fileName) }

    init() throws { folder = try TemporaryFolder() }

    private static func outcome(
        _ number: Int, _ status: FrameStatus = .verified, format: OutputFormat = .raw,
        extension name: String = "raw",
        crc32Expected: UInt32? = 0xdead_beef
    ) -> FrameOutcome {
        let known = ManifestTests.outcome(number).frame
        let frame = PlannedFrame(
            instance: known.instance, frameNumber: number, imageFrameID: known.imageFrameID,
            checksum: crc32Expected.map { ResolutionChecksum(width: 2, height: 2, crc32: $0) })
        var outcome = FrameOutcome(frame: frame, status: status)
        outcome.format = format
        outcome.decoder = "native"
        outcome.encodedBytes = 50
        if status == .verified || status == .unverifiable, format != .none {
            outcome.file = OutputDirectory.relativePath(of: frame, extension: name)
            outcome.fileBytes = 100 + number
            outcome.fileCRC32 = UInt32(number)
        }
        return outcome
    }

    private func journal(
        _ outcomes: [FrameOutcome], _ settings: ResumeJournal.Settings = .init(format: .raw)
    ) throws -> ResumeJournal {
        try Data(outcomes.flatMap { $0.manifestLine() }).write(to: URL(fileURLWithPath: path))
        let (journal, findings) = try ResumeJournal.reading(path, settings: settings)
        #expect(findings == ResumeJournal.Findings(records: outcomes.count))
        return journal
    }

    @Test("a verified frame is found with its file, size and checksum, and no other frame is")
    func found() throws {
        let outcomes = (1...1000).map { Self.outcome($0) }
        let journal = try journal(outcomes)
        for outcome in outcomes {
            let recorded = try #require(journal.recorded(outcome.frame))
            #expect(recorded.files.map(\.path) == [outcome.file])
            #expect(recorded.files.first?.contents.byteCount == outcome.fileBytes)
            #expect(recorded.files.first?.contents.crc32 == outcome.fileCRC32)
        }
        for number in 1001...1100 { #expect(journal.recorded(Self.outcome(number).frame) == nil) }
        let elsewhere = PlannedInstance(
            datastoreID: ManifestTests.instance.imageSetID, imageSetID: ManifestTests.instance.imageSetID)
        let same = outcomes[0].frame
        let other = PlannedFrame(
            instance: elsewhere, frameNumber: 1, imageFrameID: same.imageFrameID, checksum: same.checksum)
        #expect(journal.recorded(other) == nil)
    }

    @Test("what failed, mismatched or was not written is fetched again")
    func unfinished() throws {
        for status in [FrameStatus.failed, .mismatch] {
            #expect(try journal([Self.outcome(1, status)]).recorded(Self.outcome(1).frame) == nil)
            let after = try journal([Self.outcome(1), Self.outcome(1, status)])
            #expect(after.recorded(Self.outcome(1).frame) == nil, "the last record counts")
            let before = try journal([Self.outcome(1, status), Self.outcome(1)])
            #expect(before.recorded(Self.outcome(1).frame) != nil)
        }
        var unwritten = Self.outcome(1)
        unwritten.file = nil
        #expect(try journal([unwritten]).recorded(unwritten.frame) == nil)
    }

    @Test("a frame whose metadata states another checksum now is fetched again")
    func otherChecksum() throws {
        let journal = try journal([Self.outcome(1)])
        #expect(journal.recorded(Self.outcome(1, crc32Expected: 1).frame) == nil)
        #expect(journal.recorded(Self.outcome(1, crc32Expected: nil).frame) == nil)
    }

    @Test("a frame without a checksum counts only where the user allows such frames, and while it has none")
    func unverifiable() throws {
        let outcome = Self.outcome(1, .unverifiable, crc32Expected: nil)
        #expect(try journal([outcome]).recorded(outcome.frame) == nil)
        let allowing = ResumeJournal.Settings(format: .raw, allowsUnverifiable: true)
        let journal = try journal([outcome], allowing)
        #expect(journal.recorded(outcome.frame) != nil)
        #expect(journal.recorded(Self.outcome(1).frame) == nil)
    }

    @Test("each format is a journal of its own, unless another one's file took its place")
    func formats() throws {
        let (raw, jph) = (Self.outcome(1), Self.outcome(1, format: .jph, extension: "jph"))
        let frame = raw.frame
        #expect(try journal([jph]).recorded(frame) == nil)
        #expect(try journal([raw, jph]).recorded(frame) != nil)
        #expect(try journal([raw, jph], .init(format: .jph)).recorded(frame)?.files.first?.path == jph.file)
        let failedJPH = Self.outcome(1, .failed, format: .jph)
        #expect(try journal([raw, failedJPH]).recorded(frame) != nil)
        // A frame that is kept as stored has the same name in both.
        let overwritten = Self.outcome(1, format: .jph, extension: "raw")
        #expect(try journal([raw, overwritten]).recorded(frame) == nil)
        let nothing = Self.outcome(1, format: .none)
        #expect(try journal([raw, nothing], .init(format: .none)).recorded(frame)?.files.isEmpty == true)
        #expect(try journal([raw], .init(format: .none)).recorded(frame) == nil)
    }

    @Test("a codestream that is wanted beside the pixels must have been kept, but for frames kept as stored")
    func codestreams() throws {
        let keeping = ResumeJournal.Settings(format: .raw, keepsCodestream: true)
        let alone = Self.outcome(1)
        #expect(try journal([alone], keeping).recorded(alone.frame) == nil)
        var both = alone
        both.codestreamFile = OutputDirectory.relativePath(of: both.frame, extension: "jph")
        both.codestreamCRC32 = 9
        let recorded = try #require(try journal([both], keeping).recorded(alone.frame))
        #expect(recorded.files.map(\.contents.byteCount) == [101, 50])
        var stored = alone
        stored.decoder = FrameDecoder.asStoredName
        #expect(try journal([stored], keeping).recorded(alone.frame) != nil)
    }

    @Test(
        "a file that is not where this program would put it stands for nothing",
        arguments: [
            "../x.raw", "/etc/passwd", "x.raw", "", "%/../x.raw", "%.RAW", "%.", "%.raw/x", "%.toolongname",
        ])
    func places(name: String) throws {
        var outcome = Self.outcome(1)
        let stem = try #require(outcome.file).dropLast(4)
        outcome.file = name.replacingOccurrences(of: "%", with: stem)
        #expect(try journal([outcome]).recorded(outcome.frame) == nil)
    }

    @Test(
        "a frame of which nothing was written stays recorded when another format is fetched into the folder")
    func formatsWithoutFiles() throws {
        let (nothing, raw) = (Self.outcome(1, format: .none), Self.outcome(1))
        let journal = try journal([nothing, raw], .init(format: .none))
        #expect(journal.recorded(nothing.frame)?.files.isEmpty == true)
    }

    @Test("of all records of a frame the last counts, wherever those of other frames are")
    func manyRecords() throws {
        let outcomes = (0..<3).flatMap { round in
            (1...200).map { number in
                var outcome = Self.outcome(number)
                outcome.fileBytes = 1000 * round + number
                return outcome
            }
        }
        let journal = try journal(outcomes)
        for number in (1...200).shuffled() {
            let recorded = try #require(journal.recorded(Self.outcome(number).frame))
            #expect(recorded.files.first?.contents.byteCount == 2000 + number)
        }
    }

    @Test(
        "frames whose hashes are alike are told apart by their records", arguments: [0, 3, UInt64.max << 61])
    func collisions(hashMask: UInt64) throws {
        let outcomes = (1...60).map { Self.outcome($0) } + [Self.outcome(7, .failed)]
        try Data(outcomes.flatMap { $0.manifestLine() }).write(to: URL(fileURLWithPath: path))
        let (journal, _) = try ResumeJournal.reading(
            path, settings: .init(format: .raw), hashMask: hashMask)
        for number in 1...120 {
            let file = journal.recorded(Self.outcome(number).frame)?.files.first
            #expect(file?.contents.byteCount == (number > 60 || number == 7 ? nil : 100 + number))
        }
    }

    @Test("what a manifest no longer says when a frame is looked up, does not count")
    func changedManifest() throws {
        let outcomes = (1...3).map { Self.outcome($0) }
        let journal = try journal(outcomes)
        let lines = outcomes.map { $0.manifestLine() }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.write(contentsOf: Data(repeating: 0x20, count: lines[0].count - 1))
        try handle.truncate(atOffset: UInt64(lines[0].count + lines[1].count + 40))
        try handle.close()
        #expect(journal.recorded(outcomes[0].frame) == nil)
        #expect(journal.recorded(outcomes[1].frame) != nil)
        #expect(journal.recorded(outcomes[2].frame) == nil)
    }

    @Test("frames are counted as recorded without a look at their records")
    func names() throws {
        let journal = try journal([Self.outcome(1), Self.outcome(2), Self.outcome(2, .failed)])
        #expect(journal.names(Self.outcome(1).frame))
        #expect(!journal.names(Self.outcome(2).frame), "it failed later")
        #expect(!journal.names(Self.outcome(3).frame))
        #expect(!ResumeJournal(settings: .init(format: .raw)).names(Self.outcome(1).frame))
    }

    @Test("memory stays below 12 bytes a record, and lines that name no frame take none")
    func memory() throws {
        let count = 20_480
        let template = String(decoding: Self.outcome(0xabcdef).manifestLine(), as: UTF8.self)
        let parts = template.components(separatedBy: "abcdef")
        #expect(parts.count == 4, "in the id, in the name and as the checksum")
        var text = ""
        for number in 0..<count {
            text += parts.joined(separator: String(1_000_000 + number).suffix(6)) + "\n{}\n"
        }
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        let (journal, findings) = try ResumeJournal.reading(path, settings: .init(format: .raw))
        #expect(findings.records == count)
        #expect(findings.strange == count)
        #expect(journal.memoryInBytes < 12 * count, "\(journal.memoryInBytes / count) bytes a record")
        #expect(journal.memoryInBytes > 8 * count)
    }

    @Test("every character of a frame's three ids counts")
    func keys() throws {
        let id = "0123456789abcdefghijklmnopqrstuv"
        func key(_ ids: [String]) throws -> FrameKey {
            let ids = try ids.map { try #require(HealthImagingID($0)) }
            return FrameKey(
                PlannedFrame(
                    instance: PlannedInstance(datastoreID: ids[0], imageSetID: ids[1]), frameNumber: 1,
                    imageFrameID: ids[2]))
        }
        let known = try key([id, id, id])
        for position in 0..<3 {
            for index in id.indices {
                var ids = [id, id, id]
                ids[position].replaceSubrange(index...index, with: "z")
                let other = try key(ids)
                #expect(other != known)
                #expect(other.hash != known.hash)
            }
        }
        #expect(try key([id, id, id]).hash == known.hash)
    }

    @Test("a record whose ids are no ids is passed over", arguments: ["", "0123", "-", "x0"])
    func strangeIDs(change: String) throws {
        let line = String(decoding: Self.outcome(1).manifestLine(), as: UTF8.self)
        let id = Self.outcome(1).frame.imageFrameID.description
        let other = change.count == 1 ? change + id.dropFirst() : change == "x0" ? id + "0" : change
        try line.replacingOccurrences(of: id, with: other).write(
            toFile: path, atomically: false, encoding: .utf8)
        let (journal, findings) = try ResumeJournal.reading(path, settings: .init(format: .raw))
        #expect(findings.records == 1)
        #expect(journal.recorded(Self.outcome(1).frame) == nil)
    }

    @Test("files count only as they were written: size always, contents on request")
    func files() throws {
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder.file("a")))
        func recorded(_ path: String, _ size: Int, _ crc32: UInt32) -> RecordedFrame {
            RecordedFrame(files: [.init(path: path, contents: .init(crc32: crc32, byteCount: size))])
        }
        let right = CRC32.checksum([1, 2, 3])
        #expect(recorded("a", 3, right).isIntact(in: folder.path, checker: nil))
        #expect(recorded("a", 3, right).isIntact(in: folder.path, checker: FileChecker()))
        #expect(recorded("a", 3, right + 1).isIntact(in: folder.path, checker: nil))
        #expect(!recorded("a", 3, right + 1).isIntact(in: folder.path, checker: FileChecker()))
        #expect(!recorded("a", 2, right).isIntact(in: folder.path, checker: nil))
        #expect(!recorded("b", 3, right).isIntact(in: folder.path, checker: nil))
        #expect(!recorded(".", 3, right).isIntact(in: folder.path, checker: nil))
        #expect(RecordedFrame(files: []).isIntact(in: folder.path, checker: nil))
    }

    @Test("damaged lines become blank, the others stay byte for byte, and the file is still locked")
    func blanking() throws {
        let directory = try OutputDirectory(folder.path)
        let lines = (1...4).map { Self.outcome($0).manifestLine() }
        let torn = lines[1][..<300] + [UInt8(ascii: "\n")]
        try Data(lines[0] + torn + lines[2]).write(to: URL(fileURLWithPath: path))
        let writer = try ManifestWriter(in: directory)
        let (_, findings) = try ResumeJournal.reading(path, settings: .init(format: .raw))
        #expect(findings.damaged.map(\.number) == [2])
        try writer.blank(findings.damaged)
        try writer.append(Self.outcome(4))
        #expect(throws: WriteError.self) { try ManifestWriter(in: directory) }
        writer.closeFile()
        let blank = [UInt8](repeating: 0x20, count: 300) + [UInt8(ascii: "\n")]
        let now = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        #expect(now == lines[0] + blank + lines[2] + lines[3])
        #expect(try ResumeJournal.reading(path, settings: .init(format: .raw)).1.damaged.isEmpty)
    }
}

extension ResumeJournal {
    fileprivate func recorded(_ frame: PlannedFrame) -> RecordedFrame? {
        makeLines().flatMap { recorded(frame, in: $0) }
    }
}
