import FrameEngine

/// What a server keeps beside image sets: buckets, stacks, roles and the key of temporary credentials.
struct LocalServices: Sendable {
    let buckets: AllBuckets
    let stacks: StackEngine
    let sessions: SessionIssuer
    let roles: RoleStore
    /// Runs the import jobs.
    let jobs: ImportJobRunner

    init(_ configuration: LocalServerConfiguration) throws(LocalServerError) {
        let path = configuration.store.layout.root
        do throws(StoreError) {
            do throws(BucketError) {
                buckets = AllBuckets(
                    own: try BucketStore(opening: path),
                    builtIn: configuration.builtInBuckets + [IDCBucket(store: configuration.store)])
            } catch .storage(let error) {
                throw error
            } catch {
                throw .conflict(reason: error.message)
            }
            sessions = try SessionIssuer(store: path)
            roles = try RoleStore(opening: path)
            jobs = ImportJobRunner(
                store: configuration.store, objects: buckets, buckets: buckets.own,
                onFailure: configuration.onFailure)
            stacks = StackEngine(
                stacks: try StackStore(opening: path),
                resources: StackResources(
                    store: configuration.store, buckets: buckets, roles: roles,
                    region: configuration.region, accountID: configuration.accountID),
                onFailure: configuration.onFailure)
        } catch {
            throw .store(error)
        }
    }

    /// The HealthImaging API over all of it.
    func healthImagingAPI(_ configuration: LocalServerConfiguration) -> HealthImagingAPI {
        let (jobs, roles) = (jobs, roles)
        return HealthImagingAPI(
            store: configuration.store, region: configuration.region, accountID: configuration.accountID,
            lockSeconds: configuration.imageSetLockSeconds, onImportJob: { jobs.wake() },
            roleProblem: { roles.importProblem(ofRoleARN: $0) })
    }
}
