import Dispatch
import Synchronization

/// Fetches, decodes and verifies frames for a program, which gets them one by one as it asks for them.
///
/// Make one, use it for as many image sets as you like, one after the other or at the same time, and `shutdown()` it
/// in the end; `withFrameFetcher` does the first and the last for you. All uses share its connections, its threads
/// (one a core, which decode and verify) and its memory limit. Thread-safe.
///
/// ```swift
/// try await withFrameFetcher(settings: AWSSettings()) { fetcher in
///     let plan = try await fetcher.plan(imageSet: imageSet, in: datastore)
///     for try await result in fetcher.frames(of: plan) {
///         switch result {
///         case .success(let frame): use(frame)
///         case .failure(let failed): print(failed)
///         }
///     }
/// }
/// ```
public final class FrameFetcher: Sendable {
    private struct State {
        var isShutDown = false
        var runs: [ObjectIdentifier: FrameRun] = [:]
    }

    /// What it was made with.
    public let options: Options
    /// For everything else that the service can be asked: data stores, searches, metadata.
    ///
    /// It uses the same connections, and fails with `shut-down` after `shutdown()`.
    public let client: HealthImagingClient

    let workers: WorkerPool<FrameWorker>
    let memory: AsyncBudget
    let metrics: EngineMetrics
    private let transport: any HTTPTransport
    private let slots: RequestSlots
    private let pacer: RequestPacer
    private let closeTransport: @Sendable () -> Void
    private let state = Mutex(State())

    /// Starts the threads of a fetcher; nothing is connected before something is asked for.
    ///
    /// - Throws: `TransportError` for the settings' certificate file, or where this machine does not give what is needed.
    public convenience init(settings: AWSSettings, options: Options = Options()) throws(TransportError) {
        let parts = try EngineParts(options, settings: settings)
        self.init(
            options: options, client: parts.client, transport: parts.transport, slots: parts.slots,
            pacer: parts.pacer, closeTransport: parts.transport.shutdown)
    }

    init(
        options: Options, client: HealthImagingClient, transport: any HTTPTransport, slots: RequestSlots,
        pacer: RequestPacer, metrics: EngineMetrics = EngineMetrics(),
        closeTransport: @escaping @Sendable () -> Void
    ) {
        self.options = options
        self.client = client
        self.transport = transport
        self.slots = slots
        self.pacer = pacer
        self.metrics = metrics
        self.closeTransport = closeTransport
        memory = AsyncBudget(limit: options.memoryLimitInBytes)
        workers = EngineParts.makeWorkers(options, metrics: metrics)
    }

    deinit {
        // Nobody iterates any more: a sequence and its iterators hold the fetcher.
        guard !state.withLock({ $0.isShutDown }) else { return }
        // Joining threads blocks, and nobody knows on whose thread the last reference went.
        DispatchQueue.global().async { [workers, closeTransport] in
            workers.shutDown()
            closeTransport()
        }
    }

    // MARK: What to fetch

    /// The frames of an image set, from its metadata.
    ///
    /// - Parameter version: the image set's version; nil for the latest.
    /// - Throws: `ServiceError`, `TransportError`, `CredentialsError`, `PlanError` for metadata that cannot be read,
    ///   `SelectionError` for those of another image set, `CancellationError`.
    public func plan(
        imageSet id: HealthImagingID, in datastoreID: HealthImagingID, version: String? = nil
    ) async throws -> FramePlan {
        for await item in plans(of: [.imageSet(id, version: version)], in: datastoreID) {
            switch item.result {
            case .success(let plan): return plan
            case .failure(let failure): throw failure.error
            }
        }
        // The feed gives an item for each image set, unless its reader was cancelled.
        throw CancellationError()
    }

    /// The frames that a file of image-set metadata lists: GetImageSetMetadata's JSON, gzipped or not.
    ///
    /// Reads and parses on the caller's thread.
    public func plan(contentsOf path: String) throws(PlanError) -> FramePlan {
        try MetadataPlanner.plan(contentsOf: path)
    }

    /// The plans of everything that the sources name, one image set at a time and one ahead of the reader.
    ///
    /// What cannot be planned is an item too, so that nothing is left out in silence.
    ///
    /// - Parameter shard: the part of the frames to plan, where several machines share the work.
    public func plans(
        of sources: [FetchSource], in datastoreID: HealthImagingID?, shard: FrameShard = .whole
    ) -> AsyncStream<PlanFeed.Item> {
        PlanFeed(sources: sources, datastoreID: datastoreID, client: client, shard: shard).items()
    }

    // MARK: Fetching

    /// The frames of a plan, fetched while they are iterated.
    ///
    /// See ``FrameSequence`` for what an iteration promises.
    public func frames(of plan: FramePlan, order: FrameOrder = .completion) -> FrameSequence {
        frames(of: plan.frames, order: order)
    }

    /// Some frames, of one image set or of several, fetched while they are iterated.
    public func frames(of frames: [PlannedFrame], order: FrameOrder = .completion) -> FrameSequence {
        FrameSequence(fetcher: self, frames: frames, order: order)
    }

    /// Ends every iteration with a `TransportError` of code `shut-down`, and then the connections and the threads.
    ///
    /// Returns when all of them have ended. What a program has got of frames stays valid. Calling it again does nothing.
    public func shutdown() async {
        let runs: [FrameRun]? = state.withLock { state in
            guard !state.isShutDown else { return nil }
            state.isShutDown = true
            return Array(state.runs.values)
        }
        guard let runs else { return }
        for run in runs { run.stop(TransportError.shutDown("")) }
        for run in runs { await run.finished() }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [workers, closeTransport] in
                workers.shutDown()
                closeTransport()
                continuation.resume()
            }
        }
    }

    // MARK: Iterations

    /// Takes note of an iteration that starts; false after `shutdown()`.
    func begin(_ run: FrameRun) -> Bool {
        state.withLock { state in
            guard !state.isShutDown else { return false }
            state.runs[ObjectIdentifier(run)] = run
            return true
        }
    }

    func end(_ run: FrameRun) {
        _ = state.withLock { $0.runs.removeValue(forKey: ObjectIdentifier(run)) }
    }

    /// Iterations whose frames are being fetched, for tests.
    var runCount: Int { state.withLock { $0.runs.count } }

    /// What an iteration sends its frames through. The rate and the requests in flight are shared; whether the service
    /// is there is each iteration's own finding, since the last one may have been long ago.
    func makePipeline() -> FramePipeline {
        FramePipeline(
            client: client, transport: transport, workers: workers,
            gate: RequestGate(slots: slots, pacer: pacer, health: ServiceHealth()),
            memory: memory, sink: DiscardingSink(), retry: options.retry,
            allowsUnverifiable: options.allowsUnverifiable, resolution: options.resolution,
            frameLimitInBytes: options.encodedFrameLimitInBytes, metrics: metrics)
    }
}

/// Runs `body` with a fetcher, which is shut down when `body` returns, throws or is cancelled.
///
/// - Throws: what `body` throws, and what `FrameFetcher.init` throws.
public func withFrameFetcher<Value>(
    settings: AWSSettings, options: FrameFetcher.Options = FrameFetcher.Options(),
    isolation: isolated (any Actor)? = #isolation, _ body: (FrameFetcher) async throws -> sending Value
) async throws -> sending Value {
    let fetcher = try FrameFetcher(settings: settings, options: options)
    do {
        let value = try await body(fetcher)
        await fetcher.shutdown()
        return value
    } catch {
        await fetcher.shutdown()
        throw error
    }
}
