/// Where the parts of the buckets lie below a store. The only place that joins names to paths; it takes valid names
/// of buckets, hashes of keys and ids of our own, never a key.
///
///     STORE/buckets/lock                        held while a put, a deletion or a sweep takes effect
///     STORE/buckets/staging/<id>{,.json}        objects being written; the first is locked by its writer
///     STORE/buckets/trash/                      what is being deleted
///     STORE/buckets/named/<bucket>/bucket.json
///     STORE/buckets/named/<bucket>/objects/<hash of the key>.json
///     STORE/buckets/named/<bucket>/data/<hash of the key>.<id>
///     STORE/buckets/named/<bucket>/uploads/<upload id>/{upload.json,<part>.json,<part>.<id>}
struct BucketLayout: Sendable {
    let root: String

    init(store: String) {
        root = (store.count > 1 && store.hasSuffix("/") ? String(store.dropLast()) : store) + "/buckets"
    }

    var lockFile: String { root + "/lock" }
    var staging: String { root + "/staging" }
    var trash: String { root + "/trash" }
    var named: String { root + "/named" }

    func bucket(_ name: String) -> String { named + "/" + name }
    func bucketFile(_ name: String) -> String { bucket(name) + "/bucket.json" }
    func objects(_ name: String) -> String { bucket(name) + "/objects" }
    func data(_ name: String) -> String { bucket(name) + "/data" }
    func uploads(_ name: String) -> String { bucket(name) + "/uploads" }
    func object(_ name: String, hash: String) -> String { objects(name) + "/\(hash).json" }
}
