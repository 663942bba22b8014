/// Memory that a decoder works in: kept from frame to frame, grown when a frame needs more, freed with its owner.
///
/// One thread at a time. From 1 MiB on the size is a whole number of huge pages.
final class WorkingMemory {
    private(set) var base: UnsafeMutableRawPointer?
    /// All of it counts as resident, touched or not.
    private(set) var byteCount = 0

    deinit {
        if let base { PageMemory.release(base, byteCount: byteCount) }
    }

    /// Makes `wanted` bytes of it at least; what was there is lost when it grows. False when there is no memory.
    func reserve(_ wanted: Int) -> Bool {
        guard wanted > byteCount else { return true }
        // First, so that both are never there at once.
        if let base { PageMemory.release(base, byteCount: byteCount) }
        let page = PageMemory.hugePage
        let size = wanted < page / 2 ? wanted : wanted.saturatingPlus(page - 1) / page * page
        base = PageMemory.allocate(byteCount: size)
        byteCount = base == nil ? 0 : size
        return base != nil
    }
}
