import CKernels

/// Decodes HTJ2K through the project's own kernels.
///
/// Answers for every legal stream: either the exact pixels or a reason to decline, so that another decoder can take it.
/// One instance a thread, not Sendable; its working memory is kept between frames.
public final class NativeDecoder {
    /// What became of a stream that is not damaged.
    public enum Answer {
        case decoded(DecodedFrame)
        /// Legal, and outside what the kernels do; the word goes into reports (`part1-blocks`, `roi`…).
        case declined(reason: String)
    }

    /// The instruction sets that the kernels may use, beyond those that the processor has.
    public enum InstructionSet: String, Sendable, CaseIterable {
        case portable
        case avx2
        case avx512
    }

    /// The decoder's name in manifests.
    public static let name = "native"

    /// What the kernels of this instance use.
    public let instructionSet: InstructionSet
    private let limits: DecodeLimits
    private let kernels: UnsafeMutableRawPointer
    private var arena: UnsafeMutableRawBufferPointer

    /// - Parameter most: leaves out what lies beyond, for tests and comparisons.
    public init(limits: DecodeLimits = .standard, upTo most: InstructionSet = .avx512) {
        self.limits = limits
        let features = ck_cpu_features() & most.featureMask
        instructionSet = InstructionSet(features: features)
        kernels = .allocate(byteCount: ck_htj2k_kernels_nbytes(), alignment: 64)
        ck_htj2k_kernels_init(OpaquePointer(kernels), features)
        arena = .allocate(byteCount: 64 << 10, alignment: 64)
    }

    deinit {
        kernels.deallocate()
        arena.deallocate()
    }

    /// Decodes a bare codestream or JP2/JPH file. Pixels as `OpenJPEGDecoder` gives them.
    ///
    /// - Parameters:
    ///   - reduction: highest resolutions to leave out; width and height shrink by 2 for each, rounded up.
    ///   - pool: gives the output's memory.
    public func decode(
        _ bytes: UnsafeRawBufferPointer, reduction: Int = 0, pool: BufferPool
    ) throws(DecodeError) -> Answer {
        try decode(try CheckedCodestream(in: bytes, limits: limits), reduction: reduction, pool: pool)
    }

    func decode(
        _ codestream: CheckedCodestream, reduction: Int, pool: BufferPool
    ) throws(DecodeError) -> Answer {
        let data = codestream.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let count = codestream.bytes.count
        var kernelLimits = ck_htj2k_limits(
            max_pixels: UInt64(limits.maximumSamples),
            // Two 32-bit planes and what describes them.
            max_arena_nbytes: UInt64(limits.maximumSamples) * 8 + (256 << 20))
        var info = ck_htj2k_info()
        var detail = ck_error_detail()
        let parsed = ck_htj2k_parse(data, count, UInt32(reduction), 1, &kernelLimits, &info, &detail)
        if parsed == CK_ERR_UNSUPPORTED { return .declined(reason: Self.word(for: detail.reason)) }
        guard parsed == CK_OK else { throw Self.error(parsed, detail) }

        reserveArena(info.arena_nbytes)
        let layout = codestream.header.layout(reduction: reduction)
        guard layout.byteCount == info.output_nbytes else { return .declined(reason: "geometry") }
        let pixels = pool.buffer(capacity: layout.byteCount)
        let status = pixels.withMutableBytes(count: layout.byteCount) { output in
            ck_htj2k_decode(
                OpaquePointer(kernels), data, count, UInt32(reduction), &kernelLimits,
                arena.baseAddress, arena.count, output.baseAddress, output.count, &detail)
        }
        if status == CK_ERR_UNSUPPORTED { return .declined(reason: Self.word(for: detail.reason)) }
        guard status == CK_OK else { throw Self.error(status, detail) }
        return .decoded(DecodedFrame(bytes: pixels, layout: layout, decoder: Self.name))
    }

    private func reserveArena(_ wanted: Int) {
        guard wanted > arena.count else { return }
        arena.deallocate()
        arena = .allocate(byteCount: BufferPool.sizeClass(for: wanted), alignment: 64)
    }
}

extension NativeDecoder.InstructionSet {
    fileprivate var featureMask: UInt32 {
        switch self {
        case .portable: 0
        case .avx2: CK_CPU_AVX2 | CK_CPU_FAST_PDEP
        case .avx512: .max
        }
    }

    fileprivate init(features: UInt32) {
        if features & CK_CPU_AVX512 != 0 {
            self = .avx512
        } else {
            self = features & CK_CPU_AVX2 != 0 ? .avx2 : .portable
        }
    }
}
