/// Where in a manifest each frame is recorded last: some 11 bytes of memory a record, whatever is in it.
///
/// Open addressing with linear probing, in one array that is as large from the beginning as it will have to be, so that
/// nothing is ever moved. A word is the offset of a line and, in the bits that this leaves, a tag from the frame's hash.
/// A tag only saves reading lines of other frames: whether a line is the frame's own must be read in the line.
struct ManifestIndex: Sendable {
    struct Entry {
        fileprivate let slot: Int
        /// Where the line begins, in bytes.
        let offset: Int
        /// Whether the frame need not be fetched, as far as its line tells.
        let isFinished: Bool
    }

    private static let finished: UInt64 = 1 << 63

    /// 0 is free. From the top: one bit for `isFinished`, the tag, and `offsetBits` for the offset plus one.
    private var slots: [UInt64]
    private let offsetBits: Int
    private let capacity: Int
    /// How many frames are in it.
    private(set) var count = 0

    /// - Parameters:
    ///   - capacity: the most frames that there can be.
    ///   - manifestBytes: all offsets are below it.
    init(capacity: Int, manifestBytes: Int) {
        self.capacity = capacity
        offsetBits = Int.bitWidth - manifestBytes.leadingZeroBitCount
        // A third is free: a frame that is not there is known after 8 slots in the mean, which are one cache line.
        slots = Array(repeating: 0, count: capacity + capacity / 3 + 1)
    }

    var memoryInBytes: Int { slots.capacity * MemoryLayout<UInt64>.stride }

    /// Calls `body` with every entry that may be of a frame with this hash, until it returns something.
    func first<Found>(hash: UInt64, where body: (Entry) throws -> Found?) rethrows -> Found? {
        let offsetMask: UInt64 = (1 << UInt64(offsetBits)) - 1
        let tagMask = ~(Self.finished | offsetMask)
        let tag = tag(of: hash)
        var slot = home(of: hash)
        while slots[slot] != 0 {
            let word = slots[slot]
            if word & tagMask == tag {
                let entry = Entry(
                    slot: slot, offset: Int(word & offsetMask) - 1, isFinished: word & Self.finished != 0)
                if let found = try body(entry) { return found }
            }
            slot = next(slot)
        }
        return nil
    }

    /// Adds a frame that is not in it, as finished.
    ///
    /// - Returns: false where there are already as many frames as there can be.
    mutating func insert(hash: UInt64, offset: Int) -> Bool {
        guard count < capacity else { return false }
        var slot = home(of: hash)
        while slots[slot] != 0 { slot = next(slot) }
        slots[slot] = Self.finished | tag(of: hash) | UInt64(offset + 1)
        count += 1
        return true
    }

    /// Gives a frame that is in it another line.
    mutating func update(_ entry: Entry, offset: Int, isFinished: Bool) {
        let mask: UInt64 = Self.finished | (1 << UInt64(offsetBits)) - 1
        slots[entry.slot] =
            slots[entry.slot] & ~mask | (isFinished ? Self.finished : 0) | UInt64(offset + 1)
    }

    /// By the hash's upper bits, in a table of any size; the tag is made of the lower ones.
    private func home(of hash: UInt64) -> Int {
        Int(hash.multipliedFullWidth(by: UInt64(slots.count)).high)
    }

    private func tag(of hash: UInt64) -> UInt64 { hash << UInt64(offsetBits) & ~Self.finished }

    private func next(_ slot: Int) -> Int { slot + 1 == slots.count ? 0 : slot + 1 }
}
