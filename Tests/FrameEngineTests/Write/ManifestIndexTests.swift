import Testing

@testable import FrameEngine

@Suite("The index of a manifest")
struct ManifestIndexTests {
    private static func offsets(_ index: ManifestIndex, _ hash: UInt64) -> [Int] {
        var offsets: [Int] = []
        let nothing: Void? = index.first(hash: hash) { entry in
            offsets.append(entry.offset)
            return nil
        }
        #expect(nothing == nil)
        return offsets
    }

    @Test("every frame is found by its hash, alone, up to the last place", arguments: [0, 1, 2, 1000])
    func full(capacity: Int) {
        var generator = SystemRandomNumberGenerator()
        let hashes = (0..<capacity).map { _ in generator.next() }
        var index = ManifestIndex(capacity: capacity, manifestBytes: capacity * 800)
        for (number, hash) in hashes.enumerated() {
            #expect(Self.offsets(index, hash).isEmpty)
            let isInserted = index.insert(hash: hash, offset: number * 800)
            #expect(isInserted)
        }
        for (number, hash) in hashes.enumerated() { #expect(Self.offsets(index, hash) == [number * 800]) }
        #expect(index.count == capacity)
        let isInserted = index.insert(hash: 1, offset: 0)
        #expect(!isInserted, "there is no room for what was not counted")
        #expect(Self.offsets(index, generator.next()).isEmpty)
    }

    @Test("a frame that gets another line, or is undone, keeps its place", arguments: [0, UInt64.max])
    func updates(hash: UInt64) throws {
        let largest = 1 << 50
        var index = ManifestIndex(capacity: 3, manifestBytes: largest)
        for offset in [0, 5, largest - 1] {
            let isInserted = index.insert(hash: hash, offset: offset)
            #expect(isInserted)
        }
        #expect(Set(Self.offsets(index, hash)) == [0, 5, largest - 1])
        let entry = try #require(index.first(hash: hash) { $0.offset == 5 ? $0 : nil })
        #expect(entry.isFinished)
        index.update(entry, offset: largest - 2, isFinished: false)
        #expect(Set(Self.offsets(index, hash)) == [0, largest - 1, largest - 2])
        let undone = index.first(hash: hash) { $0.isFinished ? nil : $0.offset }
        #expect(undone == largest - 2)
    }
}
