import Foundation

/// What earlier runs into a folder have finished: the manifest, read as a journal.
///
/// A record counts when this run would write the same: same format and resolution, same options, a checksum that the
/// metadata states today. The last record of a frame counts, and a failure undoes what was recorded before. Some 75 bytes of
/// memory a frame. Built by one thread, then only read, by any.
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

    /// Everything of a record that is worth keeping, in 64 bytes.
    private struct Entry {
        let id: PackedID
        let imageSet: UInt32
        var fileCRC32: UInt32
        var fileBytes: Int
        var codestreamBytes: Int
        var codestreamCRC32: UInt32
        var expectedCRC32: UInt32
        /// Indices into `extensions`.
        var fileExtension: UInt8
        var codestreamExtension: UInt8
        var traits: Traits
    }

    private struct Traits: OptionSet {
        let rawValue: UInt8
        /// The record counts; without it the frame is to be fetched.
        static let isFinished = Traits(rawValue: 1)
        static let hasFile = Traits(rawValue: 2)
        static let hasCodestream = Traits(rawValue: 4)
        /// The metadata had a checksum, and the frame has it.
        static let isVerified = Traits(rawValue: 8)
    }

    private struct ImageSetKey: Hashable {
        let datastore: PackedID
        let imageSet: PackedID
    }

    /// Entries a block: an array that doubles would for a moment take three times what is in it.
    private static let blockSize = 4096

    private let settings: Settings
    /// As records say it.
    private let resolution: String
    private var blocks: [[Entry]] = []
    private var entryCount = 0
    /// Open addressing, linear probing: index of an entry plus one; 0 is free. A power of two in size.
    private var slots: [UInt32] = Array(repeating: 0, count: 64)
    private var imageSets: [ImageSetKey: UInt32] = [:]
    private var lastImageSet: (key: ImageSetKey, number: UInt32)?
    private var extensions: [String] = []

    /// A journal without records.
    init(settings: Settings) {
        self.settings = settings
        resolution = settings.resolution.description
    }

    /// Reads the manifest at `path`.
    ///
    /// - Throws: `ManifestError` when it cannot be read to its end. A line that is no record is no error.
    static func reading(_ path: String, settings: Settings) throws -> (ResumeJournal, Findings) {
        var journal = ResumeJournal(settings: settings)
        var findings = Findings()
        try ManifestReader.forEachLine(in: path) { place, line in
            switch line {
            case .success(let line):
                findings.records += 1
                journal.note(line)
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
    var isEmpty: Bool { entryCount == 0 }

    /// The memory that entries and index take, in bytes.
    var memoryInBytes: Int {
        blocks.reduce(0) { $0 + $1.capacity * MemoryLayout<Entry>.stride }
            + slots.capacity * MemoryLayout<UInt32>.stride
    }

    /// The record of a frame, if it counts.
    func recorded(_ frame: PlannedFrame) -> RecordedFrame? {
        guard entryCount > 0 else { return nil }
        let key = ImageSetKey(
            datastore: PackedID(frame.instance.datastoreID), imageSet: PackedID(frame.instance.imageSetID))
        guard let imageSet = imageSets[key] else { return nil }
        let slot = slot(of: PackedID(frame.imageFrameID), in: imageSet)
        guard slots[slot] != 0 else { return nil }
        let entry = entry(at: slots[slot])
        guard entry.traits.contains(.isFinished), answers(entry, to: frame) else { return nil }
        var files: [RecordedFrame.File] = []
        if entry.traits.contains(.hasFile) {
            files.append(
                RecordedFrame.File(
                    path: path(of: frame, entry.fileExtension),
                    contents: .init(crc32: entry.fileCRC32, byteCount: entry.fileBytes)))
        }
        if entry.traits.contains(.hasCodestream) {
            files.append(
                RecordedFrame.File(
                    path: path(of: frame, entry.codestreamExtension),
                    contents: .init(crc32: entry.codestreamCRC32, byteCount: entry.codestreamBytes)))
        }
        return RecordedFrame(files: files)
    }

    /// Whether what was verified then is what the metadata states now.
    private func answers(_ entry: Entry, to frame: PlannedFrame) -> Bool {
        let isFull = settings.resolution.isFull
        guard entry.traits.contains(.isVerified) else {
            // Of a lower resolution only the decoded size tells whether there is a checksum.
            return settings.allowsUnverifiable && (frame.checksum == nil || !isFull)
        }
        if entry.expectedCRC32 == frame.checksum?.crc32 { return true }
        return !isFull && frame.lowerResolutionChecksums.contains { $0.crc32 == entry.expectedCRC32 }
    }

    private func path(of frame: PlannedFrame, _ fileExtension: UInt8) -> String {
        OutputDirectory.relativePath(of: frame, extension: extensions[Int(fileExtension)])
    }

    // MARK: Reading records

    /// Takes in the next record.
    mutating func note(_ line: ManifestLine) {
        guard let id = PackedID(line.imageFrameID.bytes), let imageSet = imageSet(of: line) else { return }
        let slot = slot(of: id, in: imageSet)
        let known = slots[slot] == 0 ? nil : slots[slot]
        guard line.format?.equals(settings.format.rawValue) == true,
            line.resolution?.equals(resolution) == true
        else {
            // Another format's or resolution's record says nothing about this one's file, unless it wrote over it.
            if let known, let name = fileExtension(of: line.file, line),
                extensions[Int(entry(at: known).fileExtension)] == name
            {
                modify(known) { $0.traits.remove(.isFinished) }
            }
            return
        }
        let entry = makeEntry(id, imageSet, line)
        if let known {
            modify(known) { $0 = entry }
        } else if entry.traits.contains(.isFinished) {
            insert(entry, at: slot)
        }
    }

    /// The entry of a record with this run's format and resolution; not finished where this run would not leave it so.
    private mutating func makeEntry(_ id: PackedID, _ imageSet: UInt32, _ line: ManifestLine) -> Entry {
        var entry = Entry(
            id: id, imageSet: imageSet, fileCRC32: 0, fileBytes: 0, codestreamBytes: 0, codestreamCRC32: 0,
            expectedCRC32: 0, fileExtension: 0, codestreamExtension: 0, traits: [])
        switch line.status {
        case .verified:
            guard let expected = line.crc32Expected?.crc32 else { return entry }
            entry.expectedCRC32 = expected
            entry.traits.insert(.isVerified)
        case .unverifiable: break
        case .mismatch, .failed: return entry
        }
        if let file = number(of: fileExtension(of: line.file, line)), let bytes = line.fileBytes,
            let crc32 = line.fileCRC32?.crc32
        {
            entry.fileExtension = file
            entry.fileBytes = bytes
            entry.fileCRC32 = crc32
            entry.traits.insert(.hasFile)
        }
        if let file = number(of: fileExtension(of: line.codestreamFile, line)),
            let crc32 = line.codestreamCRC32?.crc32
        {
            entry.codestreamExtension = file
            entry.codestreamBytes = line.encodedBytes
            entry.codestreamCRC32 = crc32
            entry.traits.insert(.hasCodestream)
        }
        // A frame that is kept as stored has no codestream beside it: its file is that.
        let isStored = line.decoder?.equals("as-stored") == true
        let needsCodestream = settings.keepsCodestream && !isStored
        let needsFile = settings.format != .none
        if entry.traits.contains(.hasFile) == needsFile,
            !needsCodestream || entry.traits.contains(.hasCodestream)
        {
            entry.traits.insert(.isFinished)
        }
        return entry
    }

    /// The extension of a file that has the name and the place that this program gives it; nil for any other.
    private func fileExtension(of file: ManifestLine.Text?, _ line: ManifestLine) -> String? {
        guard let file, !file.hasEscapes else { return nil }
        var rest = file.bytes[...]
        for (part, end) in [
            (line.datastoreID.bytes, UInt8(ascii: "/")), (line.imageSetID.bytes, UInt8(ascii: "/")),
            (line.imageFrameID.bytes, UInt8(ascii: ".")),
        ] {
            guard rest.starts(with: part), rest.dropFirst(part.count).first == end else { return nil }
            rest = rest.dropFirst(part.count + 1)
        }
        let isPlain = rest.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) }
        return isPlain && (1...8).contains(rest.count) ? String(decoding: rest, as: UTF8.self) : nil
    }

    /// The number of an extension, given when it is first seen; nil for the 257th.
    private mutating func number(of name: String?) -> UInt8? {
        guard let name else { return nil }
        if let index = extensions.firstIndex(of: name) { return UInt8(index) }
        guard extensions.count <= UInt8.max else { return nil }
        extensions.append(name)
        return UInt8(extensions.count - 1)
    }

    private mutating func imageSet(of line: ManifestLine) -> UInt32? {
        guard let datastore = PackedID(line.datastoreID.bytes), let id = PackedID(line.imageSetID.bytes)
        else { return nil }
        let key = ImageSetKey(datastore: datastore, imageSet: id)
        if let lastImageSet, lastImageSet.key == key { return lastImageSet.number }
        let number = imageSets[key] ?? UInt32(imageSets.count)
        imageSets[key] = number
        lastImageSet = (key, number)
        return number
    }

    // MARK: The table

    /// Where the entry is, or where it would go.
    private func slot(of id: PackedID, in imageSet: UInt32) -> Int {
        var hasher = Hasher()
        hasher.combine(id)
        hasher.combine(imageSet)
        let mask = slots.count - 1
        var slot = hasher.finalize() & mask
        while slots[slot] != 0 {
            let index = Int(slots[slot] - 1)
            let isIt =
                blocks[index / Self.blockSize][index % Self.blockSize].id == id
                && blocks[index / Self.blockSize][index % Self.blockSize].imageSet == imageSet
            if isIt { break }
            slot = (slot + 1) & mask
        }
        return slot
    }

    private func entry(at number: UInt32) -> Entry {
        let index = Int(number - 1)
        return blocks[index / Self.blockSize][index % Self.blockSize]
    }

    private mutating func modify(_ number: UInt32, _ body: (inout Entry) -> Void) {
        let index = Int(number - 1)
        body(&blocks[index / Self.blockSize][index % Self.blockSize])
    }

    private mutating func insert(_ entry: Entry, at slot: Int) {
        if entryCount % Self.blockSize == 0 {
            var block: [Entry] = []
            block.reserveCapacity(Self.blockSize)
            blocks.append(block)
        }
        blocks[blocks.count - 1].append(entry)
        entryCount += 1
        slots[slot] = UInt32(entryCount)
        if entryCount * 2 > slots.count { grow() }
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 2)
        for number in 1...entryCount {
            let entry = entry(at: UInt32(number))
            slots[slot(of: entry.id, in: entry.imageSet)] = UInt32(number)
        }
    }
}

extension ManifestLine.Text {
    fileprivate func equals(_ text: String) -> Bool {
        !hasEscapes && bytes.elementsEqual(text.utf8)
    }
}
