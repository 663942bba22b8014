import Testing

@testable import FrameEngine

@Suite("Buffers")
struct BufferPoolTests {
    @Test("a size class is at least what was asked for and at most half as much again")
    func sizeClasses() {
        for wanted in [1, 4095, 4096, 4097, 6144, 6145, 8192, 100_000, 1 << 20, (1 << 20) + 1, 33_554_433] {
            let size = BufferPool.sizeClass(for: wanted)
            #expect(size >= wanted)
            #expect(size <= max(4096, wanted + wanted / 2 + 1), "\(wanted) -> \(size)")
        }
    }

    @Test(
        "a size class of any number is at least that number",
        arguments: [1 << 62, (1 << 62) + 1, .max, .min, -1])
    func hugeSizeClasses(wanted: Int) {
        #expect(BufferPool.sizeClass(for: wanted) >= max(wanted, 4096))
    }

    @Test("memory that comes back is handed out again")
    func reuse() {
        let pool = BufferPool()
        var first: PooledBuffer? = pool.buffer(capacity: 10_000)
        let address = first?.bytes.baseAddress
        first = nil
        let second = pool.buffer(capacity: 9_000)
        #expect(second.bytes.baseAddress == address)
    }

    @Test("no more memory is kept idle than the limit says")
    func idleLimit() {
        let pool = BufferPool(idleBytesLimit: 8192)
        var buffers = (0..<4).map { _ in pool.buffer(capacity: 4096) }
        let addresses = Set(buffers.map { $0.bytes.baseAddress })
        #expect(addresses.count == 4)
        buffers.removeAll()
        // Two of the four blocks fit under the limit; giving them all back must not crash or keep more.
        let again = (0..<2).map { _ in pool.buffer(capacity: 4096) }
        #expect(again.allSatisfy { addresses.contains($0.bytes.baseAddress) })
    }

    @Test("appending keeps what was there, over any number of moves")
    func growth() {
        let buffer = BufferPool().buffer(capacity: 16)
        var expected: [UInt8] = []
        for round in 0..<200 {
            let piece = [UInt8](repeating: UInt8(round), count: round * 7)
            piece.withUnsafeBytes { buffer.append($0) }
            expected += piece
        }
        #expect([UInt8](buffer.bytes) == expected)
    }
}

@Suite("Gzip")
struct GzipTests {
    private func inflate(_ bytes: [UInt8], limit: Int = 1 << 26) throws -> [UInt8] {
        try bytes.withUnsafeBytes { try Gzip.inflate($0, limit: limit) }
    }

    private func deflate(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { Gzip.deflate($0) } }

    @Test("what was deflated inflates to the same bytes", arguments: [0, 1, 100, 65_537, 3_000_000])
    func roundTrip(size: Int) throws {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 * $0 / 7) }
        #expect(try inflate(deflate(bytes)) == bytes)
    }

    @Test("several members behind each other are one document")
    func members() throws {
        #expect(try inflate(deflate([1, 2, 3]) + deflate([4, 5])) == [1, 2, 3, 4, 5])
    }

    @Test("a highly compressible document inflates within its limit and not beyond it")
    func limit() throws {
        let zeros = [UInt8](repeating: 0, count: 10_000_000)
        let packed = deflate(zeros)
        #expect(try inflate(packed, limit: zeros.count).count == zeros.count)
        #expect(throws: GzipError.largerThan(limit: 9_999_999)) { try inflate(packed, limit: 9_999_999) }
    }

    @Test("every truncation and a lying length at the end are refused")
    func damage() throws {
        var packed = deflate(Array("the quick brown fox".utf8))
        for length in 1..<packed.count {
            #expect(throws: GzipError.damaged) { try inflate(Array(packed[..<length])) }
        }
        packed[packed.count - 1] = 0x7f
        #expect(throws: GzipError.self) { try inflate(packed) }
    }
}
