import Foundation
import FrameEngine

/// Runs the import jobs of a store, a few at a time, as long as its server runs. Any thread.
final class ImportJobRunner: Sendable {
    /// Jobs at one time; each imports on as many threads as there are cores.
    static let concurrentJobs = 2

    private let store: ImageSetStore
    private let objects: any ObjectSource
    private let buckets: BucketStore
    private let onFailure: @Sendable (String) -> Void
    private let events: AsyncStream<Event>
    private let send: AsyncStream<Event>.Continuation

    private struct Address: Hashable, Sendable {
        let datastore: HealthImagingID
        let job: HealthImagingID
    }

    private enum Event: Sendable {
        case submitted
        case ended(Address)
    }

    init(
        store: ImageSetStore, objects: any ObjectSource, buckets: BucketStore,
        onFailure: @escaping @Sendable (String) -> Void
    ) {
        self.store = store
        self.objects = objects
        self.buckets = buckets
        self.onFailure = onFailure
        (events, send) = AsyncStream.makeStream()
    }

    /// Tells that a job was submitted.
    func wake() { send.yield(.submitted) }

    /// Runs what is submitted, and what a dead process left unfinished, until the task is cancelled; jobs that run then
    /// are left to the next server. To be called once.
    func run() async {
        wake()
        await withTaskGroup(of: Void.self) { group in
            var running: Set<Address> = []
            // Whatever keeps a job from ending (another process has it, the disk is full) is not tried again and again.
            var tried: Set<Address> = []
            for await event in events {
                switch event {
                case .submitted: tried = running
                case .ended(let address): running.remove(address)
                }
                for address in pending() where running.count < Self.concurrentJobs {
                    guard tried.insert(address).inserted else { continue }
                    running.insert(address)
                    group.addTask { await self.run(address) }
                }
            }
            group.cancelAll()
        }
    }

    private func run(_ address: Address) async {
        await ImportJobExecution(
            store: store, objects: objects, buckets: buckets, datastoreID: address.datastore,
            jobID: address.job,
            onFailure: onFailure
        ).run()
        send.yield(.ended(address))
    }

    /// Jobs that are not finished, the oldest first.
    private func pending() -> [Address] {
        do throws(StoreError) {
            var found: [(submittedAt: Double, address: Address)] = []
            for datastore in try store.datastores() {
                for job in try store.unfinishedImportJobs(datastoreID: datastore.id) {
                    guard let id = HealthImagingID(job.jobId) else { continue }
                    found.append((job.submittedAt, Address(datastore: datastore.id, job: id)))
                }
            }
            return found.sorted { $0.submittedAt < $1.submittedAt }.map(\.address)
        } catch {
            onFailure("import jobs: \(error.message)")
            return []
        }
    }
}
