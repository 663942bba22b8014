import Testing

@testable import FrameEngine

@Suite("Parts of a set of frames")
struct FrameShardTests {
    private static func frames(_ count: Int) throws -> [PlannedFrame] {
        let id = try #require(HealthImagingID(String(repeating: "a", count: 32)))
        let instance = PlannedInstance(datastoreID: id, imageSetID: id)
        return try (0..<count).map { number in
            let digits = String(number, radix: 36)
            return PlannedFrame(
                instance: instance, frameNumber: number + 1,
                imageFrameID: try #require(
                    HealthImagingID(String(repeating: "0", count: 32 - digits.count) + digits)))
        }
    }

    @Test("each frame is in exactly one of them, and they are about equal", arguments: [1, 2, 3, 7, 64])
    func partition(count: Int) throws {
        let frames = try Self.frames(10_000)
        let parts = try (1...count).map { try #require(FrameShard(index: $0, count: count)) }
        for frame in frames { #expect(parts.count { $0.contains(frame) } == 1) }
        let expected = frames.count / count
        for part in parts {
            let size = frames.count { part.contains($0) }
            #expect(size > expected / 2 && size < expected * 2 || count == 1)
        }
    }

    @Test("what an id's part is never changes: other machines, other versions agree")
    func known() throws {
        let frame = try Self.frames(1)[0]
        // CRC-32 of thirty-two characters "0".
        #expect(CRC32.checksum(Array("00000000000000000000000000000000".utf8)) % 5 == 1)
        #expect(try #require(FrameShard(index: 2, count: 5)).contains(frame))
    }

    @Test("there is no part beyond the last, none before the first, and not without end")
    func bounds() {
        for (index, count) in [(0, 4), (5, 4), (-1, 4), (1, 0), (1, FrameShard.countLimit + 1)] {
            #expect(FrameShard(index: index, count: count) == nil)
        }
        #expect(FrameShard(index: 1, count: 1) == .whole)
    }
}
