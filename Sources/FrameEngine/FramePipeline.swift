import Synchronization

/// The life of one frame, from plan to outcome. The only place that names all stages.
///
///     budget -> request -> bytes -> decode -> verify -> write -> outcome
struct FramePipeline: Sendable {
    /// What one frame came to, with the error itself for those who decide about the whole run.
    struct Result: Sendable {
        var outcome: FrameOutcome
        var error: (any StageError)?
    }

    let client: HealthImagingClient
    let transport: any HTTPTransport
    let workers: WorkerPool<FrameWorker>
    /// How many requests, how fast.
    let gate: RequestGate
    /// Bytes in flight.
    let memory: AsyncBudget
    let sink: any FrameSink
    let retry: RetryPolicy
    /// What a frame is taken for that has no hint.
    let typical = TypicalFrame()
    let canary = CanaryFrame()
    let paused = PausedFrames()
    let allowsUnverifiable: Bool
    /// What is decoded and written of each frame.
    var resolution = ResolutionChoice.full
    let frameLimitInBytes: Int
    /// What the sink writes, for the record; nil for one that writes no files.
    var format: OutputFormat?
    /// Where answers that turned out wrong are kept; nil keeps none.
    var evidence: EvidenceFolder?
    var metrics = EngineMetrics.off

    /// How often new credentials are tried for one frame.
    private static let renewalLimit = 2
    /// How often a frame is tried on after its attempts are used up and the service was seen to be there. More than
    /// once, because a service that was gone for a moment may be gone again in the next.
    private static let rescueLimit = 3

    /// Fetches, decodes, verifies and writes `frame`, as often as the retry policy allows.
    ///
    /// - Throws: only `CancellationError`; whatever else happens to the frame is in the result.
    func process(_ frame: PlannedFrame) async throws -> Result {
        let lease = try await memory.take(estimatedBytes(of: frame))
        defer { lease.release() }
        return try await process(frame, holding: lease, into: sink)
    }

    /// The same for a caller that holds the frame's share of the memory budget, and keeps it afterwards.
    func process(
        _ frame: PlannedFrame, holding lease: AsyncBudget.Lease, into sink: any FrameSink
    ) async throws -> Result {
        var triage = MismatchTriage()
        var rescues = 0
        var retriesByError: [String: Int] = [:]
        var attempt = 1
        var renewals = 0
        while true {
            var result: Result
            // A page under a false content type is found by the worker; the answer kept the service alive.
            var wasAnswered = false
            do {
                let encoded = try await fetch(frame, renewals: &renewals)
                wasAnswered = true
                let bytes = Self.bytes(of: frame, encoded: encoded.count)
                typical.note(bytes)
                lease.adjust(to: bytes)
                metrics.enqueue()
                let worked = await workers.run { [evidence, wrongAnswers = triage.wrongAnswers] worker in
                    metrics.dequeue()
                    return worker.finish(
                        frame, encoded: encoded, at: resolution, sink: sink,
                        allowsUnverifiable: allowsUnverifiable, wrongAnswers: wrongAnswers, evidence: evidence
                    )
                }
                result = worked.result
                triage.note(wrongAnswer: worked.wrongAnswer)
            } catch let error as any StageError {
                let outcome = FrameOutcome(frame: frame, status: .failed, resolution: resolution)
                result = Result(outcome: outcome, error: error)
                result.outcome.failure = FrameFailure(error)
                triage.note(wrongAnswer: nil)
            }
            result.outcome.format = format
            result.outcome.attempts = attempt + renewals
            if result.outcome.mismatchCause == nil {
                result.outcome.mismatchCause = triage.cause(endingWith: result.outcome.status)
            }
            result.outcome.retriesByError = retriesByError
            if result.outcome.status == .verified { canary.note(frame) }
            // The same bytes twice: the network is not at fault and a third time would not help. But what is no frame
            // at all, such as a gateway's page, says nothing about the frame, however often it comes; and a flipped bit
            // can make a header say anything, so that whatever does not decode is asked for once more.
            let isForeign = (result.error as? DecodeError)?.kind == .notACodestream
            guard let error = result.error, error.isRetryable || error.stage == .decode,
                isForeign || !triage.cameAgain
            else { return result }
            let isFinal = wasAnswered || rescues == Self.rescueLimit
            let next = try await paused.whileWaiting(lending: lease) {
                let next = try await verdict(after: attempt, error, isFinal: isFinal)
                switch next {
                case .giveUp: break
                case .rescued: try await Task.sleep(for: retry.delay(after: rescues + 1))
                case .again:
                    try await Task.sleep(for: delay(after: attempt, error))
                }
                return next
            }
            switch next {
            case .giveUp: return result
            case .rescued: rescues += 1
            case .again: break
            }
            lease.adjust(to: estimatedBytes(of: frame))
            metrics.retry(after: error)
            retriesByError[FrameFailure(error).key, default: 0] += 1
            attempt += 1
        }
    }

    private func delay(after attempt: Int, _ error: any StageError) -> Duration {
        let refusal = error as? ServiceError
        return retry.delay(
            after: attempt, retryAfter: refusal?.retryAfter,
            isPaced: refusal?.isThrottling == true && gate.pacer.isHeldBack)
    }

    /// What becomes of a frame after a failed attempt.
    private enum Verdict {
        case giveUp
        /// After a delay.
        case again
        /// The service was gone and is back: the attempts at it do not count.
        case rescued
    }

    private func verdict(
        after attempt: Int, _ error: any StageError, isFinal: Bool
    ) async throws -> Verdict {
        if retry.allowsAttempt(after: attempt) { return .again }
        guard retry.attempts > 1 else { return .giveUp }
        if (error as? ServiceError)?.isThrottling == true {
            // A service that asks to slow down is there: it gets four times as long.
            return retry.allowsAttempt(after: attempt / 4) ? .again : .giveUp
        }
        guard error.isServiceUnavailable, !isFinal else { return .giveUp }
        // Attempts at a service that is gone do not count. Whether it is gone, or fails for this frame alone, nobody
        // else's answers tell for sure (there may be nobody else), so it is asked for a frame that it had before.
        let failure = ContinuousClock.now
        var questions = 1
        while gate.health.isWorthWaitingFor, failure.duration(to: .now) < gate.health.patience {
            guard canary.exists else { return .again }
            if try await canary.isAnswered(after: failure, isThere) { return .rescued }
            try await Task.sleep(for: retry.delay(after: questions))
            questions += 1
        }
        return .giveUp
    }

    /// Whether the service has an answer for `frame`, be it a refusal.
    private func isThere(_ frame: PlannedFrame) async -> Bool {
        do {
            var renewals = 0
            _ = try await fetch(frame, renewals: &renewals)
            return true
        } catch {
            return (error as? any StageError)?.isServiceUnavailable == false
        }
    }

    /// One request for the frame's bytes, as served; another one with new credentials where the old have expired.
    private func fetch(_ frame: PlannedFrame, renewals: inout Int) async throws -> PooledBuffer {
        while true {
            var signed: HTTPRequest?
            let response = try await gate.pass {
                let request = try await client.frameRequest(for: frame)
                signed = request
                let response = try await metrics.request {
                    try await transport.send(
                        request, bodySizeHint: frame.sizeHintInBytes, bodyLimit: frameLimitInBytes)
                }
                // Thrown in here: a page is no answer of the service.
                if let error = UnexpectedContentError(contentTypeOf: response) { throw error }
                return response
            }
            if response.status == 200 { return response.body }
            let error = client.serviceError(from: response, operation: "GetImageFrame")
            guard error.isExpiredCredentials, renewals < Self.renewalLimit, let signed,
                try await client.renewCredentials(refusedIn: signed)
            else { throw error }
            renewals += 1
        }
    }

    /// Bytes that the frame will hold while it is in flight, before anything of it has arrived.
    func estimatedBytes(of frame: PlannedFrame) -> Int {
        guard let hint = frame.sizeHintInBytes else { return typical.bytes }
        // The hint is the encoded or the decoded size, depending on the service's age; twice it covers both.
        // Anybody can write a hint, so it is bounded before it is used in a sum.
        return 2 * min(max(hint, 64 << 10), 1 << 40)
    }

    /// The same once the frame has arrived.
    private static func bytes(of frame: PlannedFrame, encoded: Int) -> Int {
        // Lossless medical frames compress 2 to 4 : 1; a hint that is larger is the decoded size itself.
        encoded + max(frame.sizeHintInBytes ?? 0, 4 * encoded)
    }
}

/// What frames have taken lately, for budgeting one that has not arrived and has no hint: a moving average, so that
/// a single huge frame does not make the run go frame by frame from there on. Thread-safe.
final class TypicalFrame: Sendable {
    private let average = Mutex(2 << 20)

    /// In bytes; 2 MiB before anything has arrived.
    var bytes: Int { average.withLock { $0 } }

    func note(_ bytes: Int) { average.withLock { $0 += (bytes - $0) / 8 } }
}
