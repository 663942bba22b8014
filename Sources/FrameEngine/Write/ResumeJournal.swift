import Foundation

/// What earlier runs into a folder have finished: the manifest, read as a journal.
///
/// A record counts when this run would write the same: same format and resolution, same options, a checksum that the
/// metadata states today. The last record of a frame counts, and a failure undoes what was recorded before.
///
/// Nothing of a record is kept but where it stands: a frame that is looked up is read in the manifest again, which says
/// whose record it is. Some 11 bytes of memory a record. Built by one thread, then only read, by any.
struct ResumeJournal: Sendable {
    /// What a run writes, as far as a record must agree with it.
    struct Settings: Sendable, Equatable {
        var format: OutputFormat
        var resolution = ResolutionChoice.full
        var keepsCodestream = false
        var allowsUnverifiable = false
    }

    /// What reading a manifest showed.
    struct Findings: Sendable, Equatable {
        /// Lines that are records, of whatever settings.
        var records = 0
        /// Lines that are no JSON: what a loss of power or a bad disk leaves.
        var damaged: [ManifestReader.Place] = []
        /// Lines of JSON that are no records.
        var strange = 0
        /// How many lines were damaged, also beyond those that are named.
        var damagedCount = 0

        static let damagedKept = 10_000
    }

    /// What a record says of one file, as it stands in the line.
    private struct StatedFile {
        let name: ManifestLine.Text
        let byteCount: Int
        let crc32: UInt32

        var recorded: RecordedFrame.File {
            RecordedFrame.File(
                path: String(decoding: name.bytes, as: UTF8.self),
                contents: .init(crc32: crc32, byteCount: byteCount))
        }
    }

    /// What a record says that this run could have written.
    private struct Statement {
        /// Nil where the frame has no checksum.
        var expectedCRC32: UInt32?
        var file: StatedFile?
        var codestream: StatedFile?
    }

    /// The frame's own line, and what comes of it.
    private struct Found {
        let record: RecordedFrame?
    }

    /// A line that names a frame in the least that JSON takes has 218 bytes. Shorter ones need no room in the index.
    private static let shortestRecord = 200

    private let settings: Settings
    /// As records say it.
    private let resolution: String
    /// Nil without records.
    private let file: ManifestFile?
    private let hashMask: UInt64
    private var index: ManifestIndex

    /// A journal without records.
    init(settings: Settings) {
        self.init(settings: settings, file: nil, index: ManifestIndex(capacity: 0, manifestBytes: 0))
    }

    private init(settings: Settings, file: ManifestFile?, index: ManifestIndex, hashMask: UInt64 = .max) {
        self.settings = settings
        resolution = settings.resolution.description
        self.file = file
        self.index = index
        self.hashMask = hashMask
    }

    /// Reads the manifest at `path`, to which only whole lines may be added as long as the journal is in use.
    ///
    /// - Parameter hashMask: what is used of frames' hashes; for tests, in which many are to be alike.
    /// - Throws: `ManifestError` when it cannot be read to its end. A line that is no record is no error.
    static func reading(
        _ path: String, settings: Settings, hashMask: UInt64 = .max
    ) throws -> (ResumeJournal, Findings) {
        let file = try ManifestFile(path)
        let size = try file.countLines(ofAtLeast: shortestRecord)
        var journal = ResumeJournal(
            settings: settings, file: file,
            index: ManifestIndex(capacity: size.lines, manifestBytes: size.bytes), hashMask: hashMask)
        let lines = ManifestLines(file)
        var findings = Findings()
        try ManifestReader.forEachLine(in: path, beginningIn: 0..<size.bytes) { place, line in
            switch line {
            case .success(let line):
                findings.records += 1
                try journal.note(line, at: place.offset, lines)
            case .failure(.noRecord):
                findings.strange += 1
            case .failure(.damaged):
                findings.damagedCount += 1
                if findings.damaged.count < Findings.damagedKept { findings.damaged.append(place) }
            }
        }
        return (journal, findings)
    }

    /// Whether nothing is recorded that could be looked up.
    var isEmpty: Bool { index.count == 0 }

    /// The memory that the index takes, in bytes.
    var memoryInBytes: Int { index.memoryInBytes }

    // MARK: Looking up

    /// What one thread looks frames up with; nil without records.
    func makeLines() -> ManifestLines? { isEmpty ? nil : file.map(ManifestLines.init) }

    /// The record of a frame, if it counts. A manifest that can no longer be read is one without records.
    func recorded(_ frame: PlannedFrame, in lines: ManifestLines) -> RecordedFrame? {
        let key = FrameKey(frame)
        let found = try? index.first(hash: hash(key)) { entry in
            try lines.withLine(at: entry.offset) { line -> Found? in
                guard let line, FrameKey(line) == key else { return nil }
                guard entry.isFinished, isOfThisKind(line), let statement = statement(of: line, key),
                    answers(statement, to: frame)
                else { return Found(record: nil) }
                let files = [statement.file, statement.codestream].compactMap { $0?.recorded }
                return Found(record: RecordedFrame(files: files))
            }
        }
        return found?.record
    }

    /// Whether a record names the frame as finished: without a look at the record, and therefore without what the
    /// metadata states today. Good for sums over many frames.
    func names(_ frame: PlannedFrame) -> Bool {
        guard !isEmpty else { return false }
        return index.first(hash: hash(FrameKey(frame))) { $0.isFinished ? true : nil } ?? false
    }

    /// Whether what was verified then is what the metadata states now.
    private func answers(_ statement: Statement, to frame: PlannedFrame) -> Bool {
        let isFull = settings.resolution.isFull
        guard let expected = statement.expectedCRC32 else {
            // Of a lower resolution only the decoded size tells whether there is a checksum.
            return settings.allowsUnverifiable && (frame.checksum == nil || !isFull)
        }
        if expected == frame.checksum?.crc32 { return true }
        return !isFull && frame.lowerResolutionChecksums.contains { $0.crc32 == expected }
    }

    // MARK: Reading records

    /// Takes in the next record.
    private mutating func note(_ line: ManifestLine, at offset: Int, _ lines: ManifestLines) throws {
        guard let key = FrameKey(line) else { return }
        let hash = hash(key)
        let known = try index.first(hash: hash) { entry in
            try lines.withLine(at: entry.offset) { $0.flatMap(FrameKey.init) == key ? entry : nil }
        }
        guard isOfThisKind(line) else {
            // Another format's or resolution's record says nothing about this one's file, unless it wrote over it.
            guard let known, known.isFinished, let name = key.ownFile(line.file) else { return }
            let isOverwritten = try lines.withLine(at: known.offset) { $0?.file?.equals(name) == true }
            if isOverwritten { index.update(known, offset: known.offset, isFinished: false) }
            return
        }
        let isFinished = statement(of: line, key) != nil
        if let known {
            index.update(known, offset: offset, isFinished: isFinished)
        } else if isFinished, !index.insert(hash: hash, offset: offset) {
            throw ManifestError(
                path: file?.path ?? "", line: nil, problem: "it was changed while it was read; try again")
        }
    }

    private func isOfThisKind(_ line: ManifestLine) -> Bool {
        line.format?.equals(settings.format.rawValue) == true && line.resolution?.equals(resolution) == true
    }

    /// What a record of this run's format and resolution says; nil where this run would not leave the frame so.
    private func statement(of line: ManifestLine, _ key: FrameKey) -> Statement? {
        var statement = Statement()
        switch line.status {
        case .verified:
            guard let expected = line.crc32Expected?.crc32 else { return nil }
            statement.expectedCRC32 = expected
        case .unverifiable: break
        case .mismatch, .failed: return nil
        }
        if let name = key.ownFile(line.file), let bytes = line.fileBytes, let crc32 = line.fileCRC32?.crc32 {
            statement.file = StatedFile(name: name, byteCount: bytes, crc32: crc32)
        }
        if let name = key.ownFile(line.codestreamFile), let crc32 = line.codestreamCRC32?.crc32 {
            statement.codestream = StatedFile(name: name, byteCount: line.encodedBytes, crc32: crc32)
        }
        guard (statement.file != nil) == (settings.format != .none) else { return nil }
        // A frame that is kept as stored has no codestream beside it: its file is that.
        let isStored = line.decoder?.equals("as-stored") == true
        guard !settings.keepsCodestream || isStored || statement.codestream != nil else { return nil }
        return statement
    }

    private func hash(_ key: FrameKey) -> UInt64 { key.hash & hashMask }
}

extension ManifestLine.Text {
    fileprivate func equals(_ text: String) -> Bool {
        !hasEscapes && bytes.elementsEqual(text.utf8)
    }

    fileprivate func equals(_ other: Self) -> Bool {
        !hasEscapes && !other.hasEscapes && bytes.elementsEqual(other.bytes)
    }
}
