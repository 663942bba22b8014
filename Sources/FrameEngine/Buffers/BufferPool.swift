import Synchronization

/// Hands out byte buffers and takes their memory back, so that a warm run allocates nothing per frame.
///
/// Thread-safe. Memory comes in size classes (powers of two and the steps half-way between them), from 2 MiB on in
/// huge pages; what comes back is kept up to `idleBytesLimit` and freed beyond it, so memory is bounded by what is
/// leased plus that limit.
public final class BufferPool: Sendable {
    /// A block of raw memory on its way between owners.
    struct Block: @unchecked Sendable {  // safe because: one owner at a time, moved through the pool's lock
        let base: UnsafeMutableRawPointer
        let capacity: Int
    }

    private struct State {
        /// By size class. Arrays, because a dictionary's elements cannot be changed in place without an allocation.
        var idle = [[UnsafeMutableRawPointer]](repeating: [], count: BufferPool.classCount)
        var idleBytes = 0

        mutating func takeIdle(_ size: Int) -> UnsafeMutableRawPointer? {
            guard let base = idle[BufferPool.classIndex(of: size)].popLast() else { return nil }
            idleBytes -= size
            return base
        }

        mutating func keepIdle(_ base: UnsafeMutableRawPointer, _ size: Int) {
            idle[BufferPool.classIndex(of: size)].append(base)
            idleBytes += size
        }
    }

    /// The most memory, in bytes, that the pool keeps while nobody uses it.
    public let idleBytesLimit: Int
    private let state = Mutex(State())

    /// A pool that keeps at most `idleBytesLimit` bytes of returned memory.
    public init(idleBytesLimit: Int = 64 << 20) {
        self.idleBytesLimit = idleBytesLimit
    }

    deinit {
        state.withLock { state in
            for index in 0..<Self.classCount {
                let size = Self.classSize(at: index)
                while let base = state.takeIdle(size) { PageMemory.release(base, byteCount: size) }
            }
        }
    }

    /// An empty buffer with room for at least `capacity` bytes. Its memory returns here when the last reference goes.
    public func buffer(capacity: Int) -> PooledBuffer {
        PooledBuffer(pool: self, block: take(atLeast: capacity))
    }

    /// The size class for `capacity`: 4 KiB and up, two classes an octave; `Int.max` where no power of two fits.
    static func sizeClass(for capacity: Int) -> Int {
        let wanted = max(capacity, 4096)
        guard wanted <= 1 << (Int.bitWidth - 2) else { return Int.max }
        let power = 1 << (Int.bitWidth - (wanted - 1).leadingZeroBitCount)
        let half = power / 4 * 3
        return wanted <= half ? half : power
    }

    /// Sizes from 4 KiB to 2^62 bytes.
    private static let classCount = 101

    private static func classIndex(of size: Int) -> Int {
        let octave = Int.bitWidth - 1 - size.leadingZeroBitCount
        return 2 * (octave - 12) + (size == 1 << octave ? 0 : 1)
    }

    private static func classSize(at index: Int) -> Int {
        index % 2 == 0 ? 1 << (12 + index / 2) : 3 << (11 + index / 2)
    }

    func take(atLeast capacity: Int) -> Block {
        let size = Self.sizeClass(for: capacity)
        guard size != .max else { fatalError("no memory can hold a buffer of \(capacity) bytes") }
        let reused: Block? = state.withLock { state in
            state.takeIdle(size).map { Block(base: $0, capacity: size) }
        }
        if let reused { return reused }
        guard let base = PageMemory.allocate(byteCount: size) else {
            fatalError("no memory is left for a buffer of \(size) bytes")
        }
        return Block(base: base, capacity: size)
    }

    func giveBack(_ block: Block) {
        let kept = state.withLock { state in
            guard state.idleBytes + block.capacity <= idleBytesLimit else { return false }
            state.keepIdle(block.base, block.capacity)
            return true
        }
        if !kept { PageMemory.release(block.base, byteCount: block.capacity) }
    }
}
