/// Turns sources into plans, one image set at a time and one ahead of the frames: however large a study is, no
/// more than two image sets' metadata are in memory.
public struct PlanFeed: Sendable {
    /// One image set's plan, or why it has none. Holding it holds its place: the next but one is planned only
    /// when this one has been let go.
    public struct Item: Sendable {
        public let result: Result<FramePlan, SourceFailure>
        private let place: AsyncBudget.Lease

        fileprivate init(_ result: Result<FramePlan, SourceFailure>, place: AsyncBudget.Lease) {
            self.result = result
            self.place = place
        }
    }

    private let sources: [FetchSource]
    private let datastoreID: HealthImagingID?
    private let client: HealthImagingClient
    private let shard: FrameShard

    /// - Parameter shard: the part of the frames to plan.
    public init(
        sources: [FetchSource], datastoreID: HealthImagingID?, client: HealthImagingClient,
        shard: FrameShard = .whole
    ) {
        self.sources = sources
        self.datastoreID = datastoreID
        self.client = client
        self.shard = shard
    }

    /// The plans in the order of the sources. Ends early when the iterating task is cancelled.
    public func items() -> AsyncStream<Item> {
        AsyncStream { continuation in
            let work = Task { [sources, datastoreID, client, shard] in
                let producer = Producer(datastoreID: datastoreID, client: client, shard: shard) {
                    continuation.yield($0)
                }
                // Only a cancellation ends it early, and then nobody listens any more.
                try? await producer.run(sources)
                continuation.finish()
            }
            continuation.onTermination = { _ in work.cancel() }
        }
    }
}

/// The sequential half of the feed. Used by one task.
private final class Producer {
    private let datastoreID: HealthImagingID?
    private let client: HealthImagingClient
    private let shard: FrameShard
    private let emit: (PlanFeed.Item) -> Void
    private let places = AsyncBudget(limit: 2)
    private var planned = PlannedImageSets()

    init(
        datastoreID: HealthImagingID?, client: HealthImagingClient, shard: FrameShard,
        emit: @escaping (PlanFeed.Item) -> Void
    ) {
        self.datastoreID = datastoreID
        self.client = client
        self.shard = shard
        self.emit = emit
    }

    func run(_ sources: [FetchSource]) async throws {
        for source in sources {
            switch source {
            case .metadataFile(let path):
                try await produce(path) { try MetadataPlanner.plan(contentsOf: path) }
            case .imageSet(let id, let version):
                try await planImageSet(id, version: version)
            case .study(let uid):
                try await search(.study(uid), name: "study \(uid)")
            case .series(let uid):
                try await search(.series(uid), name: "series \(uid)", keepingSeries: uid)
            case .all:
                try await search(.all, name: datastoreID.map { "data store \($0)" } ?? "data store")
            }
        }
    }

    /// Plans every image set that a search finds; finding nothing is a failure of the source, not a silent nothing.
    private func search(
        _ search: ImageSetSearch, name: String, keepingSeries series: String? = nil
    ) async throws {
        var found = false
        do {
            for try await page in client.searchImageSets(in: try requireDatastore(), search) {
                for imageSet in page {
                    let version = imageSet.version.map { String($0) }
                    let isEmpty = try await planImageSet(
                        imageSet.imageSetID, version: version, keepingSeries: series)
                    if !isEmpty { found = true }
                }
            }
        } catch let error as any StageError {
            return try await produce(name) { throw error }
        }
        if !found { try await produce(name) { throw SelectionError.nothingFound(name) } }
    }

    /// Plans an image set unless an earlier source did.
    ///
    /// - Returns: whether a filter by series left none of its frames.
    @discardableResult
    private func planImageSet(
        _ id: HealthImagingID, version: String?, keepingSeries series: String? = nil
    ) async throws -> Bool {
        guard let wanted = planned.claim(id, version: version, series: series) else { return false }
        let name = "image set \(id)"
        var isEmpty = false
        try await produce(name) {
            let datastore = try requireDatastore()
            let plan = try await client.imageSetMetadata(id, in: datastore, version: version) { document in
                let plan = try MetadataPlanner.plan(document.bytes, source: name, versionID: version)
                guard plan.imageSetID == id, plan.datastoreID == datastore else {
                    throw SelectionError.anotherImageSet(than: id, got: plan.imageSetID)
                }
                return plan
            }
            let kept = plan.keeping(wanted)
            isEmpty = kept.frames.isEmpty && !plan.frames.isEmpty
            return kept
        }
        return isEmpty
    }

    private func requireDatastore() throws -> HealthImagingID {
        guard let datastoreID else { throw SelectionError.noDatastore }
        return datastoreID
    }

    /// Waits for a place, makes the plan, and hands over what came of it.
    private func produce(_ name: String, _ plan: () async throws -> FramePlan) async throws {
        let place = try await places.take(1)
        do {
            let plan = try await plan().keeping(shard)
            emit(PlanFeed.Item(.success(plan), place: place))
        } catch let error as any StageError {
            emit(PlanFeed.Item(.failure(SourceFailure(source: name, error: error)), place: place))
        }
    }
}

/// Which image sets earlier sources have planned: overlapping selections fetch a frame once.
private struct PlannedImageSets {
    /// Which series of an image set a source wants.
    enum Wanted {
        case only(String)
        /// All but those that an earlier source wanted by name.
        case allBut(Set<String>)
    }

    private struct Entry {
        let version: String?
        var isWhole = false
        var series: Set<String> = []
    }

    private var entries: [HealthImagingID: [Entry]] = [:]

    /// What of the image set is still to be planned, marked as planned; nil when nothing is left.
    mutating func claim(_ id: HealthImagingID, version: String?, series: String?) -> Wanted? {
        var known = entries[id, default: []]
        // No version means the latest, which may be the one that another source names.
        let index =
            known.firstIndex { $0.version == version || $0.version == nil || version == nil } ?? known.count
        if index == known.count { known.append(Entry(version: version)) }
        defer { entries[id] = known }
        guard !known[index].isWhole else { return nil }
        guard let series else {
            known[index].isWhole = true
            return .allBut(known[index].series)
        }
        return known[index].series.insert(series).inserted ? .only(series) : nil
    }
}

extension FramePlan {
    /// The frames of the wanted series: older data stores can hold several in an image set.
    fileprivate func keeping(_ wanted: PlannedImageSets.Wanted) -> FramePlan {
        FramePlan(
            datastoreID: datastoreID, imageSetID: imageSetID, versionID: versionID,
            frames: frames.filter { frame in
                switch wanted {
                case .only(let series): frame.instance.seriesInstanceUID == series
                case .allBut(let series): !series.contains(frame.instance.seriesInstanceUID)
                }
            })
    }
}
