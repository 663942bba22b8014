import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Hands out byte buffers and takes their memory back, so that a warm run allocates nothing per frame.
///
/// Thread-safe. Memory comes in size classes (powers of two and the steps half-way between them); what comes
/// back is kept up to `idleBytesLimit` and freed beyond it, so memory is bounded by what is leased plus that limit.
public final class BufferPool: Sendable {
    /// A block of raw memory on its way between owners.
    struct Block: @unchecked Sendable {  // safe because: one owner at a time, moved through the pool's lock
        let base: UnsafeMutableRawPointer
        let capacity: Int
    }

    private struct State {
        var idle: [Int: [Block]] = [:]
        var idleBytes = 0
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
            for block in state.idle.values.joined() { free(block.base) }
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

    func take(atLeast capacity: Int) -> Block {
        let size = Self.sizeClass(for: capacity)
        let reused: Block? = state.withLock { state in
            guard let block = state.idle[size]?.popLast() else { return nil }
            state.idleBytes -= size
            return block
        }
        if let reused { return reused }
        return Block(base: UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64), capacity: size)
    }

    func giveBack(_ block: Block) {
        let kept = state.withLock { state in
            guard state.idleBytes + block.capacity <= idleBytesLimit else { return false }
            state.idle[block.capacity, default: []].append(block)
            state.idleBytes += block.capacity
            return true
        }
        if !kept { free(block.base) }
    }
}
