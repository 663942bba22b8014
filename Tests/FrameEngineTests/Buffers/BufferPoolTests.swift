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

    @Test("memory comes back in the reverse order, whatever its size, and all of it is usable")
    func reuseOfManySizes() {
        let pool = BufferPool()
        let sizes = [1, 5000, 6000, 8192, 100_000, 3 << 20, (3 << 20) + 1, 4 << 20]
        for round in 0..<3 {
            var buffers = sizes.flatMap { size in (0..<3).map { _ in pool.buffer(capacity: size) } }
            #expect(Set(buffers.map { $0.bytes.baseAddress }).count == buffers.count)
            for (index, buffer) in buffers.enumerated() {
                buffer.withMutableBytes(count: buffer.capacity) { bytes in
                    bytes.copyBytes(from: repeatElement(UInt8(index + round), count: bytes.count))
                }
            }
            for (index, buffer) in buffers.enumerated() {
                #expect(
                    buffer.bytes.first == UInt8(index + round) && buffer.bytes.last == UInt8(index + round))
            }
            buffers.removeAll()
        }
    }

    @Test("blocks of 2 MiB and more begin at huge pages, smaller ones at cache lines")
    func alignment() {
        let pool = BufferPool()
        for size in [1, 100_000, 1 << 20, 2 << 20, 5 << 20] {
            let buffer = pool.buffer(capacity: size)
            let address = Int(bitPattern: buffer.bytes.baseAddress)
            #expect(address % (size >= 2 << 20 ? 2 << 20 : 64) == 0, "\(size)")
        }
    }

    @Test("a buffer that is used again gets a block of the new size, and gives the old one back")
    func reuseOfABuffer() {
        let pool = BufferPool()
        let buffer = pool.buffer(capacity: 10_000)
        buffer.withMutableBytes(count: 3) { $0.copyBytes(from: [1, 2, 3]) }
        let address = buffer.bytes.baseAddress
        #expect(buffer.reuse(capacity: 9_000, in: pool))
        #expect(buffer.count == 0 && buffer.bytes.baseAddress == address)
        #expect(buffer.reuse(capacity: 100_000, in: pool))
        #expect(buffer.capacity == BufferPool.sizeClass(for: 100_000))
        #expect(pool.buffer(capacity: 10_000).bytes.baseAddress == address)
        #expect(!buffer.reuse(capacity: 10, in: BufferPool()))
    }

    @Test("a decoder's memory grows and never shrinks, in whole huge pages from 1 MiB on")
    func workingMemory() {
        let memory = WorkingMemory()
        #expect(memory.base == nil)
        for (wanted, size) in [
            (1000, 1000), (500, 1000), (1 << 20, 2 << 20), (5 << 20, 6 << 20), (1, 6 << 20),
        ] {
            #expect(memory.reserve(wanted))
            #expect(memory.byteCount == size)
            memory.base?.storeBytes(of: 7, toByteOffset: size - 1, as: UInt8.self)
        }
        #expect(!memory.reserve(1 << 60))
        #expect(memory.byteCount == 0)
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

    @Test("padding comes behind the last member, and counts as nothing")
    func padding() throws {
        let packed = deflate([1, 2, 3]) + deflate([4, 5])
        let padded = try packed.withUnsafeBytes { try Gzip.inflate($0, limit: 5, padding: 3) }
        #expect(padded == [1, 2, 3, 4, 5, 0, 0, 0])
        let nothing = try deflate([]).withUnsafeBytes { try Gzip.inflate($0, limit: 5, padding: 2) }
        #expect(nothing == [0, 0])
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
