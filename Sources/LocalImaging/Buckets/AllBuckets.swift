/// The store's own buckets and the built-in ones, which can only be read, as one. A built-in bucket's name hides the
/// same name in the store.
package struct AllBuckets: ObjectSource {
    /// The buckets that can be written to.
    package let own: BucketStore
    private let builtIn: [any ObjectSource]

    package init(own: BucketStore, builtIn: [any ObjectSource] = []) {
        self.own = own
        self.builtIn = builtIn
    }

    /// Whether the bucket is a built-in one.
    package func isReadOnly(_ bucket: String) throws(BucketError) -> Bool {
        try builtInSource(of: bucket) != nil
    }

    package func buckets() throws(BucketError) -> [BucketRecord] {
        var found: [BucketRecord] = []
        for source in builtIn { found += try source.buckets() }
        let names = Set(found.map(\.name))
        found += try own.buckets().filter { !names.contains($0.name) }
        return found.sorted { ObjectKey.isLess($0.name, than: $1.name) }
    }

    package func bucket(_ name: String) throws(BucketError) -> BucketRecord? {
        try source(of: name).bucket(name)
    }

    package func object(bucket: String, key: String) throws(BucketError) -> ObjectRecord? {
        try source(of: bucket).object(bucket: bucket, key: key)
    }

    package func list(
        bucket: String, prefix: String, after: String?, limit: Int
    ) throws(BucketError) -> ObjectPage {
        try source(of: bucket).list(bucket: bucket, prefix: prefix, after: after, limit: limit)
    }

    package func path(of object: ObjectRecord) throws(BucketError) -> String {
        try source(of: object.bucket).path(of: object)
    }

    private func source(of bucket: String) throws(BucketError) -> any ObjectSource {
        try builtInSource(of: bucket) ?? own
    }

    private func builtInSource(of bucket: String) throws(BucketError) -> (any ObjectSource)? {
        for source in builtIn where try source.bucket(bucket) != nil { return source }
        return nil
    }
}
