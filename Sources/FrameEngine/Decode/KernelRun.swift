import CKernels

/// One frame's way through the kernels. Allocates nothing but what it shares with other threads.
struct KernelRun {
    let kernels: OpaquePointer
    let codestream: UnsafeRawBufferPointer
    let reduction: UInt32
    var limits: ck_htj2k_limits

    /// Where and why, after any status but `CK_OK`.
    private(set) var detail = ck_error_detail()
    private(set) var stages = DecodeStages()
    /// Of the whole output, where it was computed on the way.
    private(set) var crc32: UInt32?

    init(
        kernels: OpaquePointer, codestream: UnsafeRawBufferPointer, reduction: UInt32, limits: ck_htj2k_limits
    ) {
        self.kernels = kernels
        self.codestream = codestream
        self.reduction = reduction
        self.limits = limits
    }

    private var data: UnsafePointer<UInt8>? { codestream.baseAddress?.assumingMemoryBound(to: UInt8.self) }

    /// Decodes into `output`, all of it, on the calling thread.
    ///
    /// - Parameter previous: what the frame before left in this arena, nil for the first; set for the next one. Frames
    ///   with the same main header share the work that it takes.
    mutating func decode(
        into output: UnsafeMutableRawBufferPointer, arena: WorkingMemory, after previous: inout OpaquePointer?
    ) -> ck_status {
        var clock = StageClock()
        var info = ck_htj2k_info()
        var status = beginNext(&previous, &info, output, arena)
        if status == CK_ERR_ARGUMENT, detail.reason == CK_REASON_ARENA_SIZE {
            // Larger than any frame before: `info` tells how much it takes.
            guard info.output_nbytes == output.count else { return status }
            previous = nil
            guard arena.reserve(info.arena_nbytes) else { return outOfMemory() }
            status = beginNext(&previous, &info, output, arena)
        }
        guard status != CK_OK || info.output_nbytes == output.count else { return CK_ERR_ARGUMENT }
        let decoder = previous
        clock.lap(into: &stages.headers)
        guard status == CK_OK, let decoder else { return status }
        return runSteps(of: decoder, &clock) { detail in
            for job in 0..<ck_htj2k_jobs(decoder) {
                let status = ck_htj2k_run_job(decoder, job, nil, &detail)
                guard status == CK_OK else { return status }
            }
            return CK_OK
        }
    }

    /// The same with `helpers` other threads, which wait at `frame`; closes it.
    mutating func decode(
        into output: UnsafeMutableRawBufferPointer, arena: WorkingMemory, sharing frame: SharedFrame,
        helpers: Int
    ) -> ck_status {
        defer { frame.close() }
        var clock = StageClock()
        // More jobs than threads, because blocks differ, and threads come late.
        let workers = UInt32(Self.jobsPerThread * (helpers + 1))
        var info = ck_htj2k_info()
        var status = survey(&info, output, workers: workers)
        guard status == CK_OK else { return status }
        let (size, scratchSize) = ((info.arena_nbytes + 63) & ~63, (info.scratch_nbytes + 63) & ~63)
        guard arena.reserve(64 + size + helpers * scratchSize), let base = arena.base else {
            return outOfMemory()
        }
        var decoder: OpaquePointer?
        status = begin(&decoder, output, base, size, workers: workers)
        clock.lap(into: &stages.headers)
        guard status == CK_OK, let decoder else { return status }
        frame.open(decoder, scratch: (0..<helpers).map { base + size + $0 * scratchSize })
        return runSteps(of: decoder, &clock) { frame.runStep(&$0) }
    }

    private static let jobsPerThread = 4

    /// All steps; `runJobs` does the jobs of one.
    private mutating func runSteps(
        of decoder: OpaquePointer, _ clock: inout StageClock,
        _ runJobs: (inout ck_error_detail) -> ck_status
    ) -> ck_status {
        ck_htj2k_set_checksum(decoder, CRC32.kernelFunction)
        while ck_htj2k_jobs(decoder) > 0 {
            let step = ck_htj2k_current_step(decoder)
            var status = runJobs(&detail)
            clock.lap(into: &stages[step])
            guard status == CK_OK else { return status }
            status = ck_htj2k_advance(decoder, &detail)
            // After the last step of a tile come headers and packets of the next.
            if step == CK_STEP_FINISH {
                clock.lap(into: &stages.headers)
            } else {
                clock.lap(into: &stages[step])
            }
            guard status == CK_OK else { return status }
        }
        var sum: UInt32 = 0
        crc32 = ck_htj2k_checksum(decoder, &sum) == 1 ? sum : nil
        return CK_OK
    }

    private mutating func survey(
        _ info: inout ck_htj2k_info, _ output: UnsafeMutableRawBufferPointer, workers: UInt32
    ) -> ck_status {
        let status = ck_htj2k_parse(data, codestream.count, reduction, workers, &limits, &info, &detail)
        return status == CK_OK && info.output_nbytes != output.count ? CK_ERR_ARGUMENT : status
    }

    private mutating func outOfMemory() -> ck_status {
        detail.reason = CK_REASON_ARENA_LIMIT
        return CK_ERR_LIMIT
    }

    private mutating func beginNext(
        _ previous: inout OpaquePointer?, _ info: inout ck_htj2k_info,
        _ output: UnsafeMutableRawBufferPointer,
        _ arena: WorkingMemory
    ) -> ck_status {
        var (limits, detail) = (limits, detail)
        defer { self.detail = detail }
        return withUnsafePointer(to: &limits) { limits in
            var call = ck_htj2k_call(
                kernels: kernels, data: data, nbytes: codestream.count, reduction: reduction, workers: 1,
                limits: limits, arena: arena.base, arena_nbytes: arena.byteCount,
                output: output.baseAddress, output_nbytes: output.count)
            var decoder = previous
            defer { previous = decoder }
            return ck_htj2k_begin_next(previous, &call, &decoder, &info, &detail)
        }
    }

    private mutating func begin(
        _ decoder: inout OpaquePointer?, _ output: UnsafeMutableRawBufferPointer,
        _ arena: UnsafeMutableRawPointer?, _ arenaSize: Int, workers: UInt32 = 1
    ) -> ck_status {
        ck_htj2k_begin(
            kernels, data, codestream.count, reduction, workers, &limits, arena, arenaSize,
            output.baseAddress, output.count, &decoder, &detail)
    }
}

/// Laps from now on.
private struct StageClock {
    private var last = ContinuousClock.now

    mutating func lap(into stage: inout Duration) {
        let now = ContinuousClock.now
        stage += last.duration(to: now)
        last = now
    }
}

extension DecodeStages {
    fileprivate subscript(step: ck_htj2k_step) -> Duration {
        get {
            switch step {
            case CK_STEP_BLOCKS: blocks
            case CK_STEP_WAVELET: wavelet
            default: finish
            }
        }
        set {
            switch step {
            case CK_STEP_BLOCKS: blocks = newValue
            case CK_STEP_WAVELET: wavelet = newValue
            default: finish = newValue
            }
        }
    }
}
