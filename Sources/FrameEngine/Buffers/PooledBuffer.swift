/// A growable run of bytes that one thread fills and then freezes by handing it on.
///
/// Ownership: exactly one owner writes (`append`, `withMutableBytes`); once it has passed the buffer to another
/// stage nobody writes again, and any thread may read. The memory returns to its pool with the last reference.
public final class PooledBuffer: @unchecked Sendable {
    // safe because: written by one owner before it is handed on, only read afterwards (see above)

    private let pool: BufferPool
    private var block: BufferPool.Block

    /// The number of bytes filled.
    public private(set) var count = 0

    init(pool: BufferPool, block: BufferPool.Block) {
        self.pool = pool
        self.block = block
    }

    deinit {
        pool.giveBack(block)
    }

    /// The bytes that fit without moving to a larger block.
    public var capacity: Int { block.capacity }

    /// The filled bytes. Valid while the buffer is referenced and nobody appends.
    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: block.base, count: count) }

    /// Adds `source` at the end; moves to a block of at least twice the size when it does not fit.
    public func append(_ source: UnsafeRawBufferPointer) {
        guard let from = source.baseAddress, source.count > 0 else { return }
        reserve(count + source.count)
        (block.base + count).copyMemory(from: from, byteCount: source.count)
        count += source.count
    }

    /// Makes room for `wanted` bytes in all, keeping what is filled.
    public func reserve(_ wanted: Int) {
        guard wanted > block.capacity else { return }
        let larger = pool.take(atLeast: max(wanted, block.capacity * 2))
        larger.base.copyMemory(from: block.base, byteCount: count)
        pool.giveBack(block)
        block = larger
    }

    /// Forgets the content and has room for `wanted` bytes, in a block of the size that a new buffer would have.
    ///
    /// For an owner who knows that nobody else refers to the buffer any more: a buffer used again costs no allocation.
    func reuse(capacity wanted: Int, in pool: BufferPool) -> Bool {
        guard pool === self.pool else { return false }
        count = 0
        let size = BufferPool.sizeClass(for: wanted)
        guard size != block.capacity else { return true }
        pool.giveBack(block)
        block = pool.take(atLeast: wanted)
        return true
    }

    /// Forgets the content and keeps the memory.
    public func removeAll() {
        count = 0
    }

    /// Sets the number of filled bytes to `newCount` and lets `body` write all of them.
    ///
    /// Bytes beyond the former count are uninitialised: `body` must fill them.
    public func withMutableBytes<Result, Failure: Error>(
        count newCount: Int,
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        reserve(newCount)
        count = newCount
        return try body(UnsafeMutableRawBufferPointer(start: block.base, count: newCount))
    }
}
