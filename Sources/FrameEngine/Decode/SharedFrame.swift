import CKernels
import Foundation

/// A frame whose steps are done by several threads: each takes the next job until none is left.
final class SharedFrame: @unchecked Sendable {
    // safe because: every field is read and written under `condition`'s lock; the jobs themselves touch disjoint
    // memory (ck_htj2k.h), and the owner goes on only when none is running

    private let condition = NSCondition()
    private var decoder: OpaquePointer?
    /// Of helpers that have not come yet.
    private var scratch: [UnsafeMutableRawPointer] = []
    private var jobs = 0
    private var next = 0
    private var running = 0
    private var isOver = false
    private var status = CK_OK
    private var detail = ck_error_detail()

    /// Lets helpers in: one for each piece of `scratch`, which must live until `close()`.
    func open(_ decoder: OpaquePointer, scratch: [UnsafeMutableRawPointer]) {
        condition.withLock {
            self.decoder = decoder
            self.scratch = scratch
            condition.broadcast()
        }
    }

    /// All jobs of the current step, by the calling thread and whoever helps. Returns when all are done.
    func runStep(_ detail: inout ck_error_detail) -> ck_status {
        condition.withLock {
            guard let decoder else { return CK_ERR_ARGUMENT }
            jobs = ck_htj2k_jobs(decoder)
            next = 0
            if jobs > 1 { condition.broadcast() }
            takeJobs(scratch: nil)
            while running > 0 { condition.wait() }
            jobs = 0
            if status != CK_OK { detail = self.detail }
            return status
        }
    }

    /// No job begins after this; none is running. Helpers go home.
    func close() {
        condition.withLock {
            isOver = true
            jobs = 0
            condition.broadcast()
        }
    }

    /// A helper's whole work. Any thread but the owner's.
    func help() {
        condition.withLock {
            while decoder == nil, !isOver { condition.wait() }
            guard !isOver, let own = scratch.popLast() else { return }
            while !isOver {
                takeJobs(scratch: own)
                if !isOver { condition.wait() }
            }
        }
    }

    /// Takes jobs while there are any; holds the lock, but not while a job runs.
    private func takeJobs(scratch: UnsafeMutableRawPointer?) {
        while next < jobs, status == CK_OK, let decoder {
            let job = next
            next += 1
            running += 1
            condition.unlock()
            var problem = ck_error_detail()
            let outcome = ck_htj2k_run_job(decoder, job, scratch, &problem)
            condition.lock()
            running -= 1
            if outcome != CK_OK, status == CK_OK { (status, detail) = (outcome, problem) }
            if running == 0 { condition.broadcast() }
        }
    }
}
