#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Raw memory for pixels and coefficients: huge pages for what is large, the allocator for the rest.
///
/// One huge page (2 MiB) stands for 512 page faults and 512 entries of the address translation. Where the kernel's
/// `transparent_hugepage` is `madvise`, as in Debian, memory gets them only on request, and only where a whole page
/// fits between its ends. No block is larger than asked for, so what is resident never exceeds what is accounted.
enum PageMemory {
    /// The size of a huge page on x86-64 and aarch64 with 4 KiB pages, in bytes.
    static let hugePage = 2 << 20

    /// `byteCount` bytes at a 64-byte boundary, zero or not; nil when there is no memory.
    static func allocate(byteCount: Int) -> UnsafeMutableRawPointer? {
        guard byteCount >= hugePage else {
            var base: UnsafeMutableRawPointer?
            return posix_memalign(&base, 64, max(byteCount, 64)) == 0 ? base : nil
        }
        // The system chooses a 4 KiB boundary, so ask for more and give both ends back.
        let asked = byteCount + hugePage
        let protection = PROT_READ | PROT_WRITE
        guard let start = mmap(nil, asked, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            start != MAP_FAILED
        else { return nil }
        let skew = (hugePage - Int(bitPattern: start) % hugePage) % hugePage
        if skew > 0 { munmap(start, skew) }
        let base = start + skew
        let end = roundedToPages(byteCount)
        if skew + end < asked { munmap(base + end, asked - skew - end) }
        // A kernel without huge pages refuses; the memory is as good, only slower.
        _ = madvise(base, byteCount, MADV_HUGEPAGE)
        return base
    }

    /// Gives back what `allocate` gave, with the same size.
    static func release(_ base: UnsafeMutableRawPointer, byteCount: Int) {
        if byteCount >= hugePage {
            munmap(base, roundedToPages(byteCount))
        } else {
            free(base)
        }
    }

    private static func roundedToPages(_ byteCount: Int) -> Int { (byteCount + 4095) & ~4095 }
}
