import Foundation
import Synchronization

/// One fetch: plans its sources, and runs every frame through the pipeline with a bounded number in flight.
///
/// Memory does not grow with the number of frames: plans come one image set at a time, and the window of frames,
/// the bytes and the requests in flight are bounded. Make one, `run` it once.
public final class FetchSession: Sendable {
    /// Called for each finished frame, from any thread.
    public typealias FrameObserver = @Sendable (FrameOutcome) -> Void

    private enum Ending {
        case interrupted
        case stopped(any StageError)
    }

    private struct State {
        var progress = FetchProgress()
        var sourceFailures: [SourceFailure] = []
        var ending: Ending?
        var work: Task<Void, Never>?
    }

    private static let sourceFailuresKept = 100

    private let options: FetchOptions
    private let client: HealthImagingClient
    private let transport: CurlTransport
    private let datastoreID: HealthImagingID?
    private let sources: [FetchSource]
    private let directory: OutputDirectory
    private let state = Mutex(State())
    private let gate: RequestGate
    private let runJudge: RunJudge

    /// - Parameters:
    ///   - datastoreID: the data store of sources that are ids; metadata files carry their own.
    /// - Throws: `WriteError` for the output folder, `TransportError` for the certificate file.
    public init(
        options: FetchOptions, settings: AWSSettings, datastoreID: HealthImagingID?, sources: [FetchSource]
    ) throws {
        self.options = options
        self.datastoreID = datastoreID
        self.sources = sources
        directory = try OutputDirectory(options.outputDirectory)
        let parts = try EngineParts(options, settings: settings)
        transport = parts.transport
        client = parts.client
        gate = RequestGate(slots: parts.slots, pacer: parts.pacer, health: ServiceHealth())
        runJudge = RunJudge(health: gate.health)
    }

    /// Counts at this moment. Any thread.
    public var progress: FetchProgress { state.withLock { $0.progress } }

    /// Stops the run: what is being downloaded is dropped, what is being written is finished, the report is written.
    /// Any thread; calling it again does nothing more.
    public func interrupt() { end(.interrupted) }

    /// Runs to the end, and writes the report.
    ///
    /// - Throws: `WriteError` when the manifest cannot be opened, or is in use by another run. Whatever happens
    ///   later, to a frame, an image set or the report, is in the summary and never thrown.
    public func run(onFrame: FrameObserver? = nil) async throws -> FetchSummary {
        let startedAt = Date()
        let clock = ContinuousClock()
        let start = clock.now
        let manifest = try ManifestWriter(in: directory)
        // The lock is held: whatever is unfinished belongs to a run that is dead, and so does its report.
        directory.removeLeftovers()
        let workers = EngineParts.makeWorkers(options)
        let pipeline = FramePipeline(
            client: client, transport: transport, workers: workers, gate: gate,
            memory: AsyncBudget(limit: options.memoryLimitInBytes),
            sink: makeSink(), retry: options.retry,
            allowsUnverifiable: options.allowsUnverifiable, resolution: options.resolution,
            frameLimitInBytes: options.encodedFrameLimitInBytes)
        let work = Task { await fetchAll(pipeline, manifest: manifest, onFrame: onFrame) }
        let endedAlready = state.withLock { state in
            state.work = work
            return state.ending != nil
        }
        if endedAlready { work.cancel() }
        await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            interrupt()
        }
        workers.shutDown()
        transport.shutdown()
        manifest.closeFile()
        var summary = summarise(startedAt: startedAt, elapsed: clock.now - start)
        do {
            try FetchReport(summary).write(into: directory)
        } catch {
            // What stopped the run matters more than the report that could not be written after it.
            if case .stopped = summary.conclusion {} else { summary.conclusion = .stopped(error) }
        }
        return summary
    }

    // MARK: Running

    private func fetchAll(
        _ pipeline: FramePipeline, manifest: ManifestWriter, onFrame: FrameObserver?
    ) async {
        let plans = PlanFeed(sources: sources, datastoreID: datastoreID, client: client).items()
        await withTaskGroup(of: Void.self) { group in
            var inFlight = 0
            for await item in plans {
                // Its place in the feed is held until its frames are on their way.
                defer { withExtendedLifetime(item) {} }
                guard let plan = note(item) else { continue }
                for frame in plan.frames {
                    // Enough frames beyond the requests in flight to keep every worker busy while answers come in.
                    while inFlight >= gate.slots.limit + 2 * pipeline.workers.count {
                        await group.next()
                        inFlight -= 1
                    }
                    if Task.isCancelled { return }
                    inFlight += 1
                    group.addTask { [self] in
                        await fetchOne(frame, through: pipeline, manifest: manifest, onFrame: onFrame)
                    }
                }
            }
            if !Task.isCancelled { state.withLock { $0.progress.planIsComplete = true } }
        }
    }

    private func fetchOne(
        _ frame: PlannedFrame, through pipeline: FramePipeline, manifest: ManifestWriter,
        onFrame: FrameObserver?
    ) async {
        // Cancelled: the frame is dropped, not recorded, and a later run fetches it.
        guard let result = try? await pipeline.process(frame) else { return }
        do {
            try manifest.append(result.outcome)
        } catch {
            // What the manifest does not name must not be there.
            directory.remove(result.outcome)
            return end(.stopped(error))
        }
        state.withLock { $0.progress.count(result.outcome) }
        onFrame?(result.outcome)
        judge(result.error)
    }

    /// Takes the plan out of an item, or records why there is none.
    private func note(_ item: PlanFeed.Item) -> FramePlan? {
        switch item.result {
        case .success(let plan):
            state.withLock { state in
                state.progress.imageSetsPlanned += 1
                state.progress.framesPlanned += plan.frames.count
            }
            return plan
        case .failure(let failure):
            state.withLock { state in
                state.progress.imageSetsFailed += 1
                if state.sourceFailures.count < Self.sourceFailuresKept {
                    state.sourceFailures.append(failure)
                }
            }
            judge(failure.error)
            return nil
        }
    }

    // MARK: Ending early

    /// Ends the run when an error is one that every other frame would meet too.
    private func judge(_ error: (any StageError)?) {
        if let ending = runJudge.runEnding(error) { end(.stopped(ending)) }
    }

    /// The first reason counts.
    private func end(_ ending: Ending) {
        let work = state.withLock { state in
            if state.ending == nil { state.ending = ending }
            return state.work
        }
        work?.cancel()
    }

    // MARK: Parts

    private func makeSink() -> any FrameSink {
        switch options.format {
        case .none: DiscardingSink()
        case .raw, .jph:
            FileSink(directory: directory, format: options.format, keepsCodestream: options.keepsCodestream)
        }
    }

    private func summarise(startedAt: Date, elapsed: Duration) -> FetchSummary {
        let (progress, failures, ending) = state.withLock { state in
            if state.ending == nil, let error = runJudge.silence {
                state.ending = .stopped(error)
            }
            return (state.progress, state.sourceFailures, state.ending)
        }
        let allGood =
            progress.mismatch + progress.failed + progress.imageSetsFailed == 0
            && (progress.unverifiable == 0 || options.allowsUnverifiable)
        let conclusion: FetchConclusion =
            switch ending {
            case .interrupted: .interrupted
            case .stopped(let error): .stopped(error)
            case nil: allGood ? .complete : .someFailed
            }
        return FetchSummary(
            conclusion: conclusion, progress: progress, elapsed: elapsed, startedAt: startedAt,
            sourceFailures: failures, outputDirectory: directory.path, format: options.format,
            resolution: options.resolution,
            workers: options.workers ?? FetchOptions.defaultWorkers,
            transport: "\(transport.protocolChoice.rawValue), \(gate.slots.limit) requests in flight")
    }
}
