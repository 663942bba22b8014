import FrameEngine

/// What a server keeps beside image sets: buckets, stacks, roles and the key of temporary credentials.
struct LocalServices: Sendable {
    let buckets: AllBuckets
    let stacks: StackEngine
    let sessions: SessionIssuer

    init(_ configuration: LocalServerConfiguration) throws(LocalServerError) {
        let path = configuration.store.layout.root
        do throws(StoreError) {
            do throws(BucketError) {
                buckets = AllBuckets(
                    own: try BucketStore(opening: path), builtIn: configuration.builtInBuckets)
            } catch .storage(let error) {
                throw error
            } catch {
                throw .conflict(reason: error.message)
            }
            sessions = try SessionIssuer(store: path)
            stacks = StackEngine(
                stacks: try StackStore(opening: path),
                resources: StackResources(
                    store: configuration.store, buckets: buckets, roles: try RoleStore(opening: path),
                    region: configuration.region, accountID: configuration.accountID),
                onFailure: configuration.onFailure)
        } catch {
            throw .store(error)
        }
    }
}
