import CKernels
import Synchronization

/// Decodes HTJ2K through the project's own kernels.
///
/// Answers for every legal stream: either the exact pixels or a reason to decline, so that another decoder can take it.
/// One instance a thread, not Sendable. Its working memory is kept between frames, as large as the largest frame so
/// far asked for, and so is the last output of up to 16 MiB once nobody else refers to it: a frame of a size that was
/// seen before costs neither an allocation nor a page fault.
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
    /// Where the time of the last decoded frame went.
    public internal(set) var stages = DecodeStages()

    private let limits: DecodeLimits
    private let team: DecodeTeam?
    private let kernels: UnsafeMutableRawPointer
    private let arena = WorkingMemory()
    /// What the last frame left in the arena, for the next one with the same header.
    private var previous: OpaquePointer?
    private var lastOutput: PooledBuffer?

    /// - Parameters:
    ///   - most: leaves out what lies beyond, for tests and comparisons.
    ///   - team: helps with large frames.
    public init(
        limits: DecodeLimits = .standard, upTo most: InstructionSet = .avx512, team: DecodeTeam? = nil
    ) {
        self.limits = limits
        self.team = team
        let features = ck_cpu_features() & most.featureMask
        instructionSet = InstructionSet(features: features)
        kernels = .allocate(byteCount: ck_htj2k_kernels_nbytes(), alignment: 64)
        ck_htj2k_kernels_init(OpaquePointer(kernels), features)
    }

    deinit {
        kernels.deallocate()
    }

    /// Decodes a bare codestream or JP2/JPH file. Pixels as `OpenJPEGDecoder` gives them.
    ///
    /// - Parameters:
    ///   - reduction: highest resolutions to leave out; width and height shrink by 2 for each, rounded up.
    ///   - pool: gives the output's memory.
    public func decode(
        _ bytes: UnsafeRawBufferPointer, reduction: Int = 0, pool: BufferPool
    ) throws(DecodeError) -> Answer {
        if let outline = CodestreamOutline(in: bytes, limits: limits) {
            return try decode(outline, reduction: reduction, pool: pool)
        }
        let choice = ResolutionChoice(reduction: reduction)
        let checked = try CheckedCodestream(in: bytes, limits: limits, resolution: choice)
        return try decode(CodestreamOutline(of: checked), reduction: reduction, pool: pool)
    }

    func decode(
        _ codestream: CodestreamOutline, reduction: Int, pool: BufferPool
    ) throws(DecodeError) -> Answer {
        guard (0...32).contains(reduction) else {
            throw DecodeError(.unsupported, "reduction \(reduction) is not from 0 to 32")
        }
        let layout = codestream.layout(reduction: reduction)
        guard layout.width > 0, layout.height > 0 else {
            throw DecodeError(.unsupported, "reduction \(reduction) leaves no pixel of the image")
        }
        let pixels = output(capacity: layout.byteCount, from: pool)
        var run = KernelRun(
            kernels: OpaquePointer(kernels), codestream: codestream.bytes, reduction: UInt32(reduction),
            limits: ck_htj2k_limits(limits))
        let status = pixels.withMutableBytes(count: layout.byteCount) { output in
            if let team, layout.width * layout.height * layout.components >= DecodeTeam.leastSamples {
                let frame = SharedFrame()
                let helpers = team.gather(for: frame)
                if helpers > 0 {
                    // It uses the arena in a way of its own.
                    previous = nil
                    return run.decode(into: output, arena: arena, sharing: frame, helpers: helpers)
                }
            }
            return run.decode(into: output, arena: arena, after: &previous)
        }
        stages = run.stages
        if status == CK_ERR_UNSUPPORTED { return .declined(reason: Self.word(for: run.detail.reason)) }
        guard status == CK_OK else { throw Self.error(status, run.detail) }
        var frame = DecodedFrame(bytes: pixels, layout: layout, decoder: Self.name)
        frame.crc32 = run.crc32
        return .decoded(frame)
    }

    /// The last output again, where nobody else has it any more; else a new one.
    private func output(capacity: Int, from pool: BufferPool) -> PooledBuffer {
        if isKnownUniquelyReferenced(&lastOutput), let lastOutput {
            // Whoever had it, on whatever thread, has let it go; what they read lies before what is written next.
            atomicMemoryFence(ordering: .acquiring)
            if capacity <= Self.keptOutput, lastOutput.reuse(capacity: capacity, in: pool) {
                return lastOutput
            }
        }
        lastOutput = nil
        let buffer = pool.buffer(capacity: capacity)
        if capacity <= Self.keptOutput { lastOutput = buffer }
        return buffer
    }

    /// Larger outputs go back to their pool at once; one small allocation is nothing to them.
    private static let keptOutput = 16 << 20
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

extension ck_htj2k_limits {
    fileprivate init(_ limits: DecodeLimits) {
        self.init(
            max_pixels: UInt64(limits.maximumSamples),
            // Two 32-bit planes and what describes them.
            max_arena_nbytes: UInt64(limits.maximumSamples) * 8 + (256 << 20))
    }
}
