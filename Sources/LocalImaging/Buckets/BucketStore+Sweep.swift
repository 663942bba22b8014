import FrameEngine

extension BucketStore {
    /// Removes what dead processes left. The lock must be held: then whatever is between two states is a dead one's.
    func sweep() throws(StoreError) {
        let staged = try StoreFiles.names(in: layout.staging)
        for name in Set(staged.map { $0.hasSuffix(".json") ? String($0.dropLast(5)) : $0 }) {
            let path = layout.staging + "/" + name
            // A live writer holds the lock on its file.
            guard let lock = try FileLock(path: path, waiting: false) else { continue }
            defer { withExtendedLifetime(lock) {} }
            try StoreFiles.removeTree(path)
            try StoreFiles.removeTree(path + ".json")
        }
        // Whoever threw it away may be removing it just now: no reason to fail.
        for name in try StoreFiles.names(in: layout.trash) {
            try? StoreFiles.removeTree(layout.trash + "/" + name)
        }
        for name in try StoreFiles.names(in: layout.named) where BucketName.isValid(name) {
            try sweepData(of: name)
        }
    }

    /// Removes the files of objects that were being replaced or deleted when their process died.
    private func sweepData(of bucket: String) throws(StoreError) {
        var files: [Substring: [String]] = [:]
        for name in try StoreFiles.names(in: layout.data(bucket)) {
            files[name.prefix(64), default: []].append(name)
        }
        let records = Set(try StoreFiles.names(in: layout.objects(bucket)).map { $0.prefix(64) })
        for (hash, names) in files where names.count > 1 || !records.contains(hash) {
            let path = layout.object(bucket, hash: String(hash))
            var kept: String?
            if let bytes = try StoreFiles.read(path) {
                kept = try StoreJSON.decode(ObjectFile.self, from: bytes, path: path).data
            }
            for name in names where name != kept {
                try StoreFiles.removeTree(layout.data(bucket) + "/" + name)
            }
        }
        // A record is replaced through a file beside it.
        for name in try StoreFiles.names(in: layout.objects(bucket)) where !name.hasSuffix(".json") {
            try StoreFiles.removeTree(layout.objects(bucket) + "/" + name)
        }
    }
}
