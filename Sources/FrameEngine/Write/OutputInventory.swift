/// Which files a manifest names, and where each is named for the last time: some 50 bytes of memory a file, whatever
/// its name. Built by one thread, then only read, by any.
struct OutputInventory: Sendable {
    /// 128 bits in the place of a name. With the seed of the process in it nobody can make two names alike, and by
    /// chance two of a billion are with a probability of 10^-21.
    private struct Key: Hashable {
        let first: Int
        let second: Int

        init(_ name: String) {
            var hasher = Hasher()
            hasher.combine(name)
            first = hasher.finalize()
            hasher = Hasher()
            hasher.combine(first)
            hasher.combine(name)
            second = hasher.finalize()
        }
    }

    /// Offset of the line that names a file last.
    private var lastLines: [Key: Int] = [:]
    private var unstored: Set<Key> = []
    private var end = 0

    /// How many files are named.
    var count: Int { lastLines.count }

    /// Frames whose last record says that there is nothing on disk.
    var framesNotStored: Int { unstored.count }

    /// Takes in a record, in the order of the manifest.
    mutating func note(_ record: ManifestRecord, at place: ManifestReader.Place) {
        end = place.offset + place.length
        let isUnstored = record.file == nil && (record.status == .failed || record.status == .mismatch)
        // Most manifests have no failure in them, and then no name is to be hashed.
        guard isUnstored || (record.file != nil && !unstored.isEmpty) else { return }
        let frame = Key("\(record.datastoreId)/\(record.imageSetId)/\(record.imageFrameId)")
        if isUnstored {
            unstored.insert(frame)
        } else {
            unstored.remove(frame)
        }
    }

    /// Takes in a file that the record at `place` names.
    mutating func note(file: String, at place: ManifestReader.Place) {
        lastLines[Key(file)] = place.offset
    }

    /// Whether any record names the file.
    func names(_ file: String) -> Bool { lastLines[Key(file)] != nil }

    /// Whether the record at `place` is the last that names the file.
    func isLast(file: String, at place: ManifestReader.Place) -> Bool { lastLines[Key(file)] == place.offset }

    /// The manifest as it was read, in parts for `workers` threads, in bytes: enough parts to share the work evenly.
    func ranges(for workers: Int) -> [Range<Int>] {
        let size = min(max(end / (16 * workers), 4 << 10), 1 << 20)
        return stride(from: 0, to: end, by: size).map { $0..<min($0 + size, end) }
    }
}
