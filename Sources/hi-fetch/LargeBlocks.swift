#if canImport(Glibc)
    import Glibc
#endif

/// How the C library's allocator treats large blocks.
enum LargeBlocks {
    /// Has blocks of 1 MiB and more given back to the system as soon as they are freed. Before any thread is started.
    ///
    /// glibc otherwise learns from the first metadata document of 10 MB that is freed to keep such blocks among the small
    /// ones from then on (M_MMAP_THRESHOLD is dynamic, mallopt(3)), and what lies between them grows with each image set.
    static func giveBack() {
        #if canImport(Glibc)
            _ = mallopt(M_MMAP_THRESHOLD, 1 << 20)
        #endif
    }
}
