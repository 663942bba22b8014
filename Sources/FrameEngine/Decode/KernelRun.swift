import CKernels

/// One frame's way through the kernels, on the calling thread. Allocates nothing.
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

    /// Decodes into `output`, all of it.
    mutating func decode(into output: UnsafeMutableRawBufferPointer, arena: WorkingMemory) -> ck_status {
        var clock = StageClock()
        var decoder: OpaquePointer?
        var status = begin(&decoder, output, arena)
        if status == CK_ERR_ARGUMENT, detail.reason == CK_REASON_ARENA_SIZE {
            // Larger than any frame before: the survey tells how much it takes.
            var info = ck_htj2k_info()
            status = ck_htj2k_parse(data, codestream.count, reduction, 1, &limits, &info, &detail)
            guard status == CK_OK else { return status }
            guard info.output_nbytes == output.count else { return CK_ERR_ARGUMENT }
            guard arena.reserve(info.arena_nbytes) else {
                detail.reason = CK_REASON_ARENA_LIMIT
                return CK_ERR_LIMIT
            }
            status = begin(&decoder, output, arena)
        }
        clock.lap(into: &stages.headers)
        guard status == CK_OK, let decoder else { return status }
        ck_htj2k_set_checksum(decoder, CRC32.kernelFunction)
        while ck_htj2k_jobs(decoder) > 0 {
            let step = ck_htj2k_current_step(decoder)
            for job in 0..<ck_htj2k_jobs(decoder) {
                status = ck_htj2k_run_job(decoder, job, nil, &detail)
                guard status == CK_OK else { return status }
            }
            clock.lap(into: &stages[step])
            status = ck_htj2k_advance(decoder, &detail)
            // After the last step of a tile come headers and packets of the next.
            if step == CK_STEP_FINISH { clock.lap(into: &stages.headers) }
            guard status == CK_OK else { return status }
        }
        var sum: UInt32 = 0
        crc32 = ck_htj2k_checksum(decoder, &sum) == 1 ? sum : nil
        return CK_OK
    }

    private mutating func begin(
        _ decoder: inout OpaquePointer?, _ output: UnsafeMutableRawBufferPointer, _ arena: WorkingMemory
    ) -> ck_status {
        ck_htj2k_begin(
            kernels, data, codestream.count, reduction, 1, &limits, arena.base, arena.byteCount,
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
