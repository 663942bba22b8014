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
    let allowsUnverifiable: Bool
    /// What is decoded and written of each frame.
    var resolution = ResolutionChoice.full
    let frameLimitInBytes: Int

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
        var lastEncodedCRC32: UInt32?
        var firstFailure: ContinuousClock.Instant?
        var attempt = 1
        while true {
            var result: Result
            var sameBytesAgain = false
            do {
                let encoded = try await fetch(frame)
                let bytes = Self.bytes(of: frame, encoded: encoded.count)
                typical.note(bytes)
                lease.adjust(to: bytes)
                let worked = await workers.run { worker in
                    worker.finish(
                        frame, encoded: encoded, at: resolution, sink: sink,
                        allowsUnverifiable: allowsUnverifiable)
                }
                result = worked.result
                sameBytesAgain = worked.encodedCRC32 != nil && worked.encodedCRC32 == lastEncodedCRC32
                lastEncodedCRC32 = worked.encodedCRC32
            } catch let error as any StageError {
                let outcome = FrameOutcome(frame: frame, status: .failed, resolution: resolution)
                result = Result(outcome: outcome, error: error)
                result.outcome.failure = FrameFailure(error)
            }
            result.outcome.attempts = attempt
            let since = firstFailure ?? .now
            firstFailure = since
            // The same bytes twice: the network is not at fault and a third time would not help.
            guard let error = result.error, error.isRetryable, !sameBytesAgain,
                allowsAttempt(after: attempt, failingSince: since, error)
            else { return result }
            try await Task.sleep(
                for: retry.delay(after: attempt, retryAfter: (error as? ServiceError)?.retryAfter))
            attempt += 1
        }
    }

    private func allowsAttempt(
        after attempt: Int, failingSince firstFailure: ContinuousClock.Instant, _ error: any StageError
    ) -> Bool {
        if retry.allowsAttempt(after: attempt) { return true }
        guard retry.attempts > 1 else { return false }
        // A service that asks to slow down is there: it gets four times as long.
        if (error as? ServiceError)?.isThrottling == true { return retry.allowsAttempt(after: attempt / 4) }
        return error.isServiceUnavailable && gate.health.isOutage(since: firstFailure)
    }

    /// One request for the frame's bytes, as served.
    private func fetch(_ frame: PlannedFrame) async throws -> PooledBuffer {
        let response = try await gate.pass {
            let request = try await client.frameRequest(for: frame)
            return try await transport.send(
                request, bodySizeHint: frame.sizeHintInBytes, bodyLimit: frameLimitInBytes)
        }
        guard response.status == 200 else {
            throw client.serviceError(from: response, operation: "GetImageFrame")
        }
        return response.body
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

/// What a worker thread owns: a decoder, and its number.
final class FrameWorker {
    struct Worked: Sendable {
        let result: FramePipeline.Result
        /// Of the bytes as served, when they turned out wrong: tells the network from the service on a second try.
        let encodedCRC32: UInt32?
    }

    private let decoder: FrameDecoder
    private let pool: BufferPool
    private let number: Int

    /// - Parameters:
    ///   - pool: where the decoder takes its memory from.
    ///   - number: which worker this is, to keep temporary file names apart.
    init(decoder: FrameDecoder, pool: BufferPool, number: Int) {
        self.decoder = decoder
        self.pool = pool
        self.number = number
    }

    /// Decodes, verifies and writes; the frame's pixels never leave this thread's core.
    func finish(
        _ frame: PlannedFrame, encoded: PooledBuffer, at resolution: ResolutionChoice, sink: any FrameSink,
        allowsUnverifiable: Bool
    ) -> Worked {
        var outcome = FrameOutcome(frame: frame, status: .failed, resolution: resolution)
        outcome.encodedBytes = encoded.count
        let error = work(on: encoded, sink: sink, allowsUnverifiable: allowsUnverifiable, outcome: &outcome)
        outcome.failure = error.map(FrameFailure.init)
        let isSuspect = error?.stage == .decode || error?.stage == .verify
        return Worked(
            result: .init(outcome: outcome, error: error),
            encodedCRC32: isSuspect ? CRC32.checksum(encoded) : nil)
    }

    /// Fills in `outcome` as far as the frame gets; returns what ended it early.
    private func work(
        on encoded: PooledBuffer, sink: any FrameSink, allowsUnverifiable: Bool, outcome: inout FrameOutcome
    ) -> (any StageError)? {
        let frame = outcome.frame
        var decoded: DecodedFrame
        do {
            decoded = try decoder.decode(
                encoded, storedAs: frame.instance.effectiveTransferSyntax, resolution: outcome.resolution)
        } catch {
            return error
        }
        var verification = FrameVerifier.verify(decoded, encoded: encoded, against: frame, pool: pool)
        if case .mismatch = verification.verdict,
            let other = decoder.secondOpinion(on: encoded, suspect: decoded)
        {
            decoded = other
            verification = FrameVerifier.verify(decoded, encoded: encoded, against: frame, pool: pool)
        }
        outcome.decoder = decoded.decoder
        outcome.fallbackReason = decoded.fallbackReason
        outcome.layout = verification.frame.layout
        outcome.decodedBytes = verification.frame.bytes.count
        outcome.reduction = decoded.layout == nil ? nil : decoded.reduction
        outcome.lacksResolution = decoded.lacksResolution
        outcome.expectedCRC32 = verification.expected
        outcome.crc32 = verification.crc32
        switch verification.verdict {
        case .mismatch(let mismatch):
            outcome.status = .mismatch
            return mismatch
        case .unverifiable(let reason):
            outcome.status = .unverifiable
            outcome.unverifiableReason = reason
            if !allowsUnverifiable { return nil }
        case .verified:
            outcome.status = .verified
        }
        do {
            let accepted = AcceptedFrame(frame: frame, encoded: encoded, decoded: verification.frame)
            if let written = try sink.write(accepted, worker: number) {
                outcome.file = written.file.path
                let coversFile = verification.covers(written.file.contents)
                outcome.fileCRC32 = coversFile ? outcome.crc32 : CRC32.checksum(written.file.contents)
                outcome.codestreamFile = written.codestream?.path
                outcome.codestreamCRC32 = written.codestream.map { CRC32.checksum($0.contents) }
            }
        } catch {
            outcome.status = .failed
            return error
        }
        return nil
    }
}

extension Verification {
    /// Whether `crc32` was computed over these very bytes, so that it need not be computed again.
    fileprivate func covers(_ contents: PooledBuffer) -> Bool {
        switch verdict {
        case .verified(.decoded), .verified(.widened): contents === frame.bytes
        case .verified(.stored), .unverifiable, .mismatch: false
        }
    }
}
