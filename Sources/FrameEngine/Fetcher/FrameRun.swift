import Synchronization

/// One iteration: sends the frames through the pipeline, as far ahead of the reader as it may, and hands over what
/// comes of them.
final class FrameRun: Sendable {
    private struct State {
        var task: Task<Void, Never>?
        /// The first reason to end before the last frame.
        var ending: (any Error)?
        var isStarted = false
    }

    let delivery: FrameDelivery
    private let fetcher: FrameFetcher
    private let frames: [PlannedFrame]
    private let state = Mutex(State())

    init(fetcher: FrameFetcher, frames: [PlannedFrame], order: FrameOrder) {
        self.fetcher = fetcher
        self.frames = frames
        delivery = FrameDelivery(order: order)
    }

    // MARK: The reader's side

    func next() async throws -> FrameSequence.Element? {
        startOnce()
        return try await withTaskCancellationHandler {
            try await delivery.next()
        } onCancel: {
            abandon()
        }
    }

    /// Nobody reads on: ends the transfers, and lets go of what was ready.
    func abandon() {
        stop(CancellationError())
        delivery.close()
    }

    /// Ends the iteration for a reason, which its reader gets after the frames that are ready. The first reason counts.
    func stop(_ reason: any Error) {
        let task = state.withLock { state in
            if state.ending == nil { state.ending = reason }
            return state.task
        }
        task?.cancel()
    }

    /// Returns when no frame is worked on any more.
    func finished() async {
        await state.withLock { $0.task }?.value
    }

    // MARK: The frames' side

    private func startOnce() {
        let isFirst = state.withLock { state in
            defer { state.isStarted = true }
            return !state.isStarted
        }
        guard isFirst else { return }
        guard fetcher.begin(self) else {
            return delivery.end(.stopped(TransportError.shutDown("")))
        }
        let task = Task { [self] in
            await fetchAll()
            let ending = state.withLock { $0.ending }
            delivery.end(ending.map { .stopped($0) } ?? .complete)
            fetcher.end(self)
        }
        let isStopped = state.withLock { state in
            state.task = task
            return state.ending != nil
        }
        if isStopped { task.cancel() }
    }

    private func fetchAll() async {
        let pipeline = fetcher.makePipeline()
        let judge = RunJudge(health: pipeline.gate.health)
        fetcher.metrics.plan(frames.count)
        await withDiscardingTaskGroup { group in
            for (index, frame) in frames.enumerated() {
                await delivery.waitForRoom(below: framesAhead(in: pipeline))
                guard let lease = try? await share(of: frame, in: pipeline) else { break }
                delivery.begin()
                group.addTask { [self] in
                    await fetch(frame, number: index, through: pipeline, holding: lease, judge)
                }
            }
        }
        if let reason = judge.reasonForNothing { stop(reason) }
    }

    /// By default enough frames beyond the requests in flight to keep every worker busy while answers come in.
    private func framesAhead(in pipeline: FramePipeline) -> Int {
        max(1, fetcher.options.framesAhead ?? pipeline.gate.slots.limit + 2 * pipeline.workers.count)
    }

    /// Waits for the frame's share of the memory. Taken in the order of the plan, so that no frame waits for one that
    /// comes after it.
    ///
    /// - Throws: `CancellationError`.
    private func share(of frame: PlannedFrame, in pipeline: FramePipeline) async throws -> AsyncBudget.Lease {
        try Task.checkCancellation()
        let amount = pipeline.estimatedBytes(of: frame)
        if let lease = pipeline.memory.takeNow(amount) { return lease }
        // Either memory becomes free, or the reader has got all there is and asks for more: what is taken then is held
        // by readers, this one or others, and waiting for it might be waiting for ever.
        let lease = try await withThrowingTaskGroup(of: AsyncBudget.Lease?.self) { group in
            group.addTask {
                do { return try await pipeline.memory.take(amount) } catch { return nil }
            }
            group.addTask { [delivery] in
                await delivery.waitForHunger()
                return nil
            }
            var lease = try await group.next() ?? nil
            group.cancelAll()
            // The budget may have answered while the other was being heard.
            while let late = try await group.next() { lease = lease ?? late }
            return lease
        }
        try Task.checkCancellation()
        return lease ?? pipeline.memory.overdraw(amount)
    }

    private func fetch(
        _ frame: PlannedFrame, number: Int, through pipeline: FramePipeline, holding lease: AsyncBudget.Lease,
        _ judge: RunJudge
    ) async {
        let catcher = FrameCatcher()
        // Cancelled: the frame is dropped; the iteration ends with its reason.
        guard let result = try? await pipeline.process(frame, holding: lease, into: catcher) else {
            lease.release()
            return delivery.drop()
        }
        fetcher.metrics.end(result.outcome)
        delivery.finish(element(result, caught: catcher.take(), lease: lease), number: number)
        if let ending = judge.runEnding(result.error) { stop(ending) }
    }

    private func element(
        _ result: FramePipeline.Result, caught: AcceptedFrame?, lease: AsyncBudget.Lease
    ) -> FrameSequence.Element {
        guard let caught, result.error == nil else {
            lease.release()
            return .failure(
                FailedFrame(
                    outcome: result.outcome,
                    underlying: result.error ?? MissingChecksum(outcome: result.outcome)))
        }
        return .success(
            FetchedFrame(
                outcome: result.outcome, decoded: caught.decoded,
                encoded: fetcher.options.keepsEncodedBytes ? caught.encoded : nil, lease: lease))
    }
}
