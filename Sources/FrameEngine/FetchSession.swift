import Foundation
import Synchronization

/// One fetch: plans its sources, and runs every frame through the pipeline with a bounded number in flight.
///
/// Memory does not grow with the number of frames: plans come one image set at a time, and the window of frames,
/// the bytes and the requests in flight are bounded. Make one, `run` it once.
public final class FetchSession: Sendable {
    /// Called for each finished frame, from any thread.
    public typealias FrameObserver = @Sendable (FrameOutcome) -> Void
    /// Called with one line for a person about something that is no failure, from any thread.
    public typealias NoticeObserver = @Sendable (String) -> Void

    /// What all frames of a run go through.
    private struct Run: Sendable {
        let pipeline: FramePipeline
        let manifest: ManifestWriter
        let filter: ResumeFilter
        let space: DiskSpace
        let onFrame: FrameObserver?
        let onNotice: NoticeObserver?
    }

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
    private let evidence: EvidenceFolder?
    private let state = Mutex(State())
    private let gate: RequestGate
    private let runJudge: RunJudge
    private let metrics = EngineMetrics()

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
        evidence = try options.evidenceDirectory.map(EvidenceFolder.init)
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

    /// Runs to the end, and writes the report. Frames that an earlier run finished are counted and not observed.
    ///
    /// - Throws: `WriteError` when the manifest cannot be opened, or is in use by another run; `ManifestError` when
    ///   it cannot be read. Whatever happens later, to a frame, an image set or the report, is in the summary and
    ///   never thrown.
    public func run(
        onFrame: FrameObserver? = nil, onNotice: NoticeObserver? = nil
    ) async throws -> FetchSummary {
        let startedAt = Date()
        let clock = ContinuousClock()
        let start = clock.now
        let manifest = try ManifestWriter(in: directory, isSynced: options.sync == .each)
        defer { manifest.closeFile() }
        let workers = EngineParts.makeWorkers(options, metrics: metrics)
        defer {
            workers.shutDown()
            transport.shutdown()
        }
        // The lock is held: whatever is unfinished belongs to a run that is dead, and so does its report.
        let journal = try await workers.run { [self] _ in
            directory.removeLeftovers()
            return Result { try readJournal(manifest, onNotice) }
        }.get()
        let pipeline = FramePipeline(
            client: client, transport: transport, workers: workers, gate: gate,
            memory: AsyncBudget(limit: options.memoryLimitInBytes),
            sink: makeSink(), retry: options.retry,
            allowsUnverifiable: options.allowsUnverifiable, resolution: options.resolution,
            frameLimitInBytes: options.encodedFrameLimitInBytes, format: options.format, evidence: evidence,
            metrics: metrics)
        let run = Run(
            pipeline: pipeline, manifest: manifest,
            filter: ResumeFilter(
                journal: journal, root: directory.path, rechecks: options.rechecks, workers: workers),
            space: DiskSpace(
                directory, format: options.format, resolution: options.resolution,
                keepsCodestream: options.keepsCodestream, bytesInFlight: options.memoryLimitInBytes),
            onFrame: onFrame, onNotice: onNotice)
        let work = Task { await fetchAll(run) }
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
        return finish(manifest, startedAt: startedAt) { clock.now - start }
    }

    /// Syncs, summarises and reports, while the folder is still locked.
    private func finish(
        _ manifest: ManifestWriter, startedAt: Date, elapsed: () -> Duration
    ) -> FetchSummary {
        do {
            try manifest.checkPlace()
        } catch {
            end(.stopped(error))
        }
        do {
            if options.sync != .none { try directory.syncAll() }
        } catch {
            end(.stopped(error))
        }
        var summary = summarise(startedAt: startedAt, elapsed: elapsed())
        do {
            try FetchReport(summary).write(into: directory, isSynced: options.sync != .none)
        } catch {
            // What stopped the run matters more than the report that could not be written after it.
            if case .stopped = summary.conclusion {} else { summary.conclusion = .stopped(error) }
        }
        return summary
    }

    /// What earlier runs have finished; an empty journal where the user wants to start over.
    private func readJournal(
        _ manifest: ManifestWriter, _ onNotice: NoticeObserver?
    ) throws -> ResumeJournal {
        let settings = ResumeJournal.Settings(
            format: options.format, resolution: options.resolution,
            keepsCodestream: options.keepsCodestream, allowsUnverifiable: options.allowsUnverifiable)
        guard options.resumes else { return ResumeJournal(settings: settings) }
        let path = "\(directory.path)/\(ManifestWriter.fileName)"
        let (journal, findings) = try ResumeJournal.reading(path, settings: settings)
        // A file without any record may be somebody else's.
        let repairs = findings.records > 0 && !findings.damaged.isEmpty
        if repairs { try manifest.blank(findings.damaged) }
        if let first = findings.damaged.first {
            onNotice?(
                "\(path): damaged lines: \(findings.damagedCount), the first is line \(first.number); "
                    + "what they recorded is fetched again\(repairs ? ", and they are blank now" : "")")
        }
        if findings.strange > 0 {
            onNotice?(
                "\(path): lines that are no records of frames: \(findings.strange); they are passed over")
        }
        return journal
    }

    // MARK: Running

    /// Frames that wait for another attempt make room for so many others.
    private static let pausedLimit = 1024

    /// Frames in flight: enough beyond the requests to keep every worker busy while answers come in.
    private func window(_ run: Run) -> Int {
        gate.slots.limit + 2 * (options.workers ?? FetchOptions.defaultWorkers)
            + min(run.pipeline.paused.count, Self.pausedLimit)
    }

    private func fetchAll(_ run: Run) async {
        let plans = PlanFeed(
            sources: sources, datastoreID: datastoreID, client: client, shard: options.shard
        ).items()
        await withTaskGroup(of: Void.self) { group in
            var inFlight = 0
            for await item in plans {
                // Its place in the feed is held until its frames are on their way.
                defer { withExtendedLifetime(item) {} }
                guard let plan = note(item) else { continue }
                guard hasRoom(for: plan, run) else { return }
                for start in stride(from: 0, to: plan.frames.count, by: ResumeFilter.sliceSize) {
                    let slice = plan.frames[start...].prefix(ResumeFilter.sliceSize)
                    let frames = await run.filter.unfinished(slice)
                    state.withLock { $0.progress.resumed += slice.count - frames.count }
                    metrics.resume(slice.count - frames.count)
                    // What an earlier run had was permitted.
                    if frames.count < slice.count { judge(nil) }
                    for frame in frames {
                        while inFlight >= window(run) {
                            await group.next()
                            inFlight -= 1
                        }
                        if Task.isCancelled { return }
                        inFlight += 1
                        group.addTask { [self] in await fetchOne(frame, run) }
                    }
                    if Task.isCancelled { return }
                }
            }
            if !Task.isCancelled { state.withLock { $0.progress.planIsComplete = true } }
        }
    }

    /// Whether the disk takes what of the plan is to be fetched; ends the run if it does not.
    private func hasRoom(for plan: FramePlan, _ run: Run) -> Bool {
        do {
            if let warning = try run.space.expect(run.filter.unrecorded(plan.frames)) {
                run.onNotice?(warning)
            }
            return true
        } catch {
            end(.stopped(error))
            return false
        }
    }

    private func fetchOne(_ frame: PlannedFrame, _ run: Run) async {
        // Cancelled: the frame is dropped, not recorded, and a later run fetches it.
        guard let result = try? await run.pipeline.process(frame) else { return }
        do {
            if options.sync == .each {
                // It waits for the disk, which the threads that await everything else must not.
                try await run.pipeline.workers.run { _ in
                    Result { () throws(WriteError) in try run.manifest.append(result.outcome) }
                }.get()
            } else {
                try run.manifest.append(result.outcome)
            }
        } catch {
            // What the manifest does not name must not be there.
            directory.remove(result.outcome)
            return end(.stopped(error))
        }
        state.withLock { $0.progress.count(result.outcome) }
        metrics.end(result.outcome)
        run.onFrame?(result.outcome)
        judge(result.error)
        do {
            try run.space.finished(frame)
        } catch {
            end(.stopped(error))
        }
    }

    /// Takes the plan out of an item, or records why there is none.
    private func note(_ item: PlanFeed.Item) -> FramePlan? {
        switch item.result {
        case .success(let plan):
            state.withLock { state in
                state.progress.imageSetsPlanned += 1
                state.progress.framesPlanned += plan.frames.count
            }
            metrics.plan(plan.frames.count)
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
            FileSink(
                directory: directory, format: options.format, keepsCodestream: options.keepsCodestream,
                isSynced: options.sync == .each)
        }
    }

    private func summarise(startedAt: Date, elapsed: Duration) -> FetchSummary {
        let (progress, failures, ending) = state.withLock { state in
            if state.ending == nil, let error = runJudge.reasonForNothing {
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
