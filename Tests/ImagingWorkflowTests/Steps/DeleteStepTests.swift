import FrameEngine
import ImagingWorkflow
import Synchronization
import Testing

@Suite("Deleting image sets")
struct DeleteStepTests {
    /// A data store in memory, in which deleting takes some looks.
    private final class Store: ImageSetService {
        struct World {
            var there: [HealthImagingID]
            /// Looks until a deleted one is gone.
            var fading: [HealthImagingID: Int] = [:]
            /// Requests that are refused first.
            var lockedFor: [HealthImagingID: Int] = [:]
            var requests: [ContinuousClock.Instant] = []
            var looksUntilGone = 2
            /// Image sets that appear when the first ones are gone.
            var late: [HealthImagingID] = []
            /// What the search lists though it is gone.
            var stale: [HealthImagingID] = []
        }

        let world: Mutex<World>

        init(_ ids: [HealthImagingID]) { world = Mutex(World(there: ids)) }

        func requestDeletion(of id: HealthImagingID, in datastoreID: HealthImagingID) async throws
            -> ImageSetDeletion
        {
            world.withLock { world in
                world.requests.append(.now)
                guard world.there.contains(id) else { return .gone }
                if let left = world.lockedFor[id], left > 0 {
                    world.lockedFor[id] = left - 1
                    return .locked
                }
                world.fading[id] = world.looksUntilGone
                return .accepted
            }
        }

        func exists(_ id: HealthImagingID, in datastoreID: HealthImagingID) async throws -> Bool {
            world.withLock { world in
                guard let left = world.fading[id] else { return world.there.contains(id) }
                world.fading[id] = left - 1
                if left <= 0 {
                    world.there.removeAll { $0 == id }
                    world.fading[id] = nil
                    if world.there.isEmpty { (world.there, world.late) = (world.late, []) }
                }
                return world.there.contains(id)
            }
        }

        func isDeleting(_ id: HealthImagingID, in datastoreID: HealthImagingID) async throws -> Bool {
            world.withLock { $0.fading[id] != nil }
        }

        func allImageSets(in datastoreID: HealthImagingID, _ search: ImageSetSearch) async throws
            -> [HealthImagingID]
        {
            world.withLock { world in world.there + world.stale.filter { !world.there.contains($0) } }
        }
    }

    private let ids: [HealthImagingID]
    private let datastore: HealthImagingID

    init() throws {
        ids = try ["a", "b", "c"].map { try #require(HealthImagingID(String(repeating: $0, count: 32))) }
        datastore = try #require(ScriptedSteps.datastore)
    }

    private func step(_ store: Store, rate: Double? = nil, patience: Duration = .seconds(3600)) -> DeleteStep
    {
        DeleteStep(
            service: store, pacer: DeletePacer(rate: rate), pollInterval: .milliseconds(1), patience: patience
        )
    }

    @Test("returns when all of them are gone, and counts those that were there")
    func deletes() async throws {
        let store = Store(Array(ids.prefix(2)))
        #expect(try await step(store).delete(ids, in: datastore) == 2)
        #expect(store.world.withLock { $0.there.isEmpty })
    }

    @Test("keeps the quota's distance between requests, and says how long the rest takes")
    func pace() async throws {
        let store = Store(ids)
        let left = Mutex<[Duration]>([])
        let start = ContinuousClock.now
        try await step(store, rate: 20).delete(ids, in: datastore) { _, _, rest in
            left.withLock { $0.append(rest) }
        }
        let requests = store.world.withLock { $0.requests }
        // A machine that is late may send two close together; none goes before its turn.
        for (turn, request) in requests.enumerated() {
            #expect(start.duration(to: request) >= .milliseconds(50) * turn)
        }
        let times = left.withLock { $0 }
        #expect(times.count == 4)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 > $1 || $1 == .zero })
    }

    @Test("at the documented quota a hundred image sets take 396 seconds at least")
    func estimate() {
        let step = step(Store([]), rate: DeletePacer.documentedRate)
        let estimate = step.estimate(for: 100)
        #expect(estimate >= .seconds(396) && estimate < .seconds(401))
        #expect(step.estimate(for: 0) == .zero)
    }

    @Test("one that is locked for a while is asked for again")
    func locked() async throws {
        let store = Store(ids)
        store.world.withLock { $0.lockedFor[ids[1]] = 3 }
        #expect(try await step(store).delete(ids, in: datastore) == 3)
        #expect(store.world.withLock { $0.requests.count } == 6)
    }

    @Test("one that stays locked, and one that does not go away, are errors that name it")
    func stuck() async throws {
        let locked = Store(ids)
        locked.world.withLock { $0.lockedFor[ids[0]] = .max }
        let first = await #expect(throws: StepError.self) {
            try await step(locked, patience: .milliseconds(20)).delete(ids, in: datastore)
        }
        #expect(first?.message.contains(ids[0].description) == true)
        let lasting = Store(ids)
        lasting.world.withLock { $0.looksUntilGone = .max }
        let second = await #expect(throws: StepError.self) {
            try await step(lasting, patience: .milliseconds(20)).delete(ids, in: datastore)
        }
        #expect(second?.reason == .timeout)
    }

    @Test("deleting all looks again for what came meanwhile")
    func all() async throws {
        let store = Store(Array(ids.prefix(2)))
        store.world.withLock { $0.late = [ids[2]] }
        #expect(try await step(store).deleteAll(in: datastore) == 3)
    }

    @Test("a search that goes on listing what is gone does not keep deleting all from its end")
    func staleSearch() async throws {
        let store = Store(Array(ids.prefix(2)))
        store.world.withLock { $0.stale = ids }
        #expect(try await step(store).deleteAll(in: datastore) == 2)
    }
}
