import FrameEngine

/// Deletes image sets, at the pace that the service's quota allows, and waits until they are gone.
package struct DeleteStep: Sendable {
    /// How far it is; `left` is how long the rest takes at this pace.
    package typealias Progress = @Sendable (_ done: Int, _ total: Int, _ left: Duration) -> Void

    private let service: any ImageSetService
    private let pacer: DeletePacer
    private let pollInterval: Duration
    /// How long an image set may be locked, by an import or by its deletion.
    private let patience: Duration

    package init(
        service: any ImageSetService, pacer: DeletePacer, pollInterval: Duration = .milliseconds(500),
        patience: Duration = .seconds(900)
    ) {
        self.service = service
        self.pacer = pacer
        self.pollInterval = pollInterval
        self.patience = patience
    }

    /// How long deleting so many takes at least.
    package func estimate(for count: Int) -> Duration { pacer.timeLeft(for: count) }

    /// Deletes the image sets named. One that is not there, or gone already, counts as deleted.
    ///
    /// - Returns: how many were there.
    /// - Throws: `StepError` of reason `.timeout` where one stays locked or does not go away.
    @discardableResult
    package func delete(
        _ ids: [HealthImagingID], in datastoreID: HealthImagingID,
        progress: @escaping Progress = { _, _, _ in }
    ) async throws -> Int {
        var deleted: [HealthImagingID] = []
        for (index, id) in ids.enumerated() {
            progress(index, ids.count, estimate(for: ids.count - index))
            if try await requestDeletion(of: id, in: datastoreID) { deleted.append(id) }
        }
        progress(ids.count, ids.count, .zero)
        for id in deleted { try await awaitDeletion(of: id, in: datastoreID) }
        return deleted.count
    }

    /// Deletes every image set that a search finds, of the whole data store without one, and looks again until there
    /// is none.
    ///
    /// - Returns: how many there were.
    @discardableResult
    package func deleteAll(
        in datastoreID: HealthImagingID, _ search: ImageSetSearch = .all,
        progress: @escaping Progress = { _, _, _ in }
    ) async throws -> Int {
        var count = 0
        // Whoever imports meanwhile would keep this going for ever.
        for _ in 0..<5 {
            let ids = try await service.allImageSets(in: datastoreID, search)
            if ids.isEmpty { return count }
            let deleted = try await delete(ids, in: datastoreID, progress: progress)
            // The search still lists what is gone: its index follows later.
            if deleted == 0 { return count }
            count += deleted
        }
        let left = try await service.allImageSets(in: datastoreID, search).count
        guard left == 0 else {
            throw StepError(
                .timeout,
                "data store \(datastoreID) has \(left) image sets again; is something else importing into it?"
            )
        }
        return count
    }

    /// - Returns: whether there was such an image set.
    private func requestDeletion(of id: HealthImagingID, in datastoreID: HealthImagingID) async throws -> Bool
    {
        let deadline = ContinuousClock.now + patience
        while true {
            try await pacer.take()
            switch try await service.requestDeletion(of: id, in: datastoreID) {
            case .accepted: return true
            case .gone: return false
            case .locked:
                // Either somebody deletes it already, or something else holds it for a while.
                guard ContinuousClock.now < deadline else {
                    throw StepError(
                        .timeout,
                        "image set \(id) of data store \(datastoreID) stays locked, so it cannot be deleted; try again later"
                    )
                }
                if try await service.isDeleting(id, in: datastoreID) { return true }
                try await Task.sleep(for: pollInterval)
            }
        }
    }

    private func awaitDeletion(of id: HealthImagingID, in datastoreID: HealthImagingID) async throws {
        let deadline = ContinuousClock.now + patience
        while try await service.exists(id, in: datastoreID) {
            guard ContinuousClock.now < deadline else {
                throw StepError(
                    .timeout,
                    "image set \(id) of data store \(datastoreID) is still being deleted; look again later")
            }
            try await Task.sleep(for: pollInterval)
        }
    }
}

/// What becomes of a request to delete.
package enum ImageSetDeletion: Sendable {
    case accepted
    /// There is no such image set.
    case gone
    /// Something is being done with it: ConflictException.
    case locked
}

/// The calls that deleting image sets takes: DeleteImageSet, GetImageSet, SearchImageSets.
package protocol ImageSetService: Sendable {
    func requestDeletion(of id: HealthImagingID, in datastoreID: HealthImagingID) async throws
        -> ImageSetDeletion
    /// Whether it is there and not deleted.
    func exists(_ id: HealthImagingID, in datastoreID: HealthImagingID) async throws -> Bool
    /// Whether its deletion has begun.
    func isDeleting(_ id: HealthImagingID, in datastoreID: HealthImagingID) async throws -> Bool
    /// Every image set that a search finds.
    func allImageSets(in datastoreID: HealthImagingID, _ search: ImageSetSearch) async throws
        -> [HealthImagingID]
}
