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

    public init(sources: [FetchSource], datastoreID: HealthImagingID?, client: HealthImagingClient) {
        self.sources = sources
        self.datastoreID = datastoreID
        self.client = client
    }

    /// The plans in the order of the sources. Ends early when the iterating task is cancelled.
    public func items() -> AsyncStream<Item> {
        AsyncStream { continuation in
            let producer = Producer(
                datastoreID: datastoreID, client: client, places: AsyncBudget(limit: 2),
                emit: { continuation.yield($0) })
            let work = Task { [sources] in
                // Only a cancellation ends it early, and then nobody listens any more.
                try? await producer.run(sources)
                continuation.finish()
            }
            continuation.onTermination = { _ in work.cancel() }
        }
    }
}

/// The sequential half of the feed.
private struct Producer: Sendable {
    let datastoreID: HealthImagingID?
    let client: HealthImagingClient
    let places: AsyncBudget
    let emit: @Sendable (PlanFeed.Item) -> Void

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
                try await search(.all, name: "data store")
            }
        }
    }

    /// Plans every image set that a search finds; finding none is a failure of the source, not a silent nothing.
    private func search(
        _ search: ImageSetSearch, name: String, keepingSeries series: String? = nil
    ) async throws {
        var found = 0
        do {
            for try await page in client.searchImageSets(in: try requireDatastore(), search) {
                for imageSet in page {
                    found += 1
                    try await planImageSet(
                        imageSet.imageSetID, version: String(imageSet.version), keepingSeries: series)
                }
            }
        } catch let error as any StageError {
            return try await produce(name) { throw error }
        }
        if found == 0 { try await produce(name) { throw SelectionError.nothingFound(name) } }
    }

    private func planImageSet(
        _ id: HealthImagingID, version: String?, keepingSeries series: String? = nil
    ) async throws {
        let name = "image set \(id)"
        try await produce(name) {
            let document = try await client.imageSetMetadata(
                id, in: try requireDatastore(), version: version)
            let plan = try MetadataPlanner.plan(document.bytes, source: name, versionID: version)
            return series.map(plan.keepingSeries) ?? plan
        }
    }

    private func requireDatastore() throws -> HealthImagingID {
        guard let datastoreID else { throw SelectionError.noDatastore }
        return datastoreID
    }

    /// Waits for a place, makes the plan, and hands over what came of it.
    private func produce(_ name: String, _ plan: () async throws -> FramePlan) async throws {
        let place = try await places.take(1)
        do {
            let plan = try await plan()
            emit(PlanFeed.Item(.success(plan), place: place))
        } catch let error as any StageError {
            emit(PlanFeed.Item(.failure(SourceFailure(source: name, error: error)), place: place))
        }
    }
}

extension FramePlan {
    /// The frames of one series: older data stores can hold several in an image set.
    fileprivate func keepingSeries(_ uid: String) -> FramePlan {
        FramePlan(
            datastoreID: datastoreID, imageSetID: imageSetID, versionID: versionID,
            frames: frames.filter { $0.instance.seriesInstanceUID == uid })
    }
}
