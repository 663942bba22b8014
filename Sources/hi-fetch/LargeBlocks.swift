#if canImport(Glibc)
    import Glibc
#endif

/// How the C library's allocator treats large blocks.
enum LargeBlocks {
    /// M_MMAP_THRESHOLD of malloc.h.
    private static let mmapThreshold: Int32 = -3

    /// Has blocks of 1 MiB and more given back to the system as soon as they are freed. Before any thread is started.
    ///
    /// glibc otherwise learns from the first metadata document of 10 MB that is freed to keep such blocks among the small
    /// ones from then on (M_MMAP_THRESHOLD is dynamic, mallopt(3)), and what lies between them grows with each image set.
    static func giveBack() {
        #if canImport(Glibc)
            // malloc.h is no part of Swift's Glibc module.
            guard let symbol = dlsym(nil, "mallopt") else { return }
            typealias Function = @convention(c) (Int32, Int32) -> Int32
            _ = unsafeBitCast(symbol, to: Function.self)(mmapThreshold, 1 << 20)
        #endif
    }
}
