import Foundation
import FrameEngine
import Synchronization

/// Data stores and image sets in a folder, shared by any number of threads and processes.
///
/// A writer makes an image set in a folder of its own and renames it into place: a kill at any moment leaves
/// either the whole image set or none. A reader sees what other processes commit without being told. Leftovers of
/// dead writers are removed when a store is opened. See `StoreLayout` for the files.
public final class ImageSetStore: Sendable {
    /// The folder, as it was given.
    public let path: String
    let layout: StoreLayout
    let cache = RecordCache()

    /// Opens the store at `path` and makes it where there is none.
    ///
    /// - Throws: `StoreError.notAStore` for a folder that holds other things, `.system` where it cannot be used.
    public init(opening path: String) throws(StoreError) {
        self.path = path
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        layout = StoreLayout(root: trimmed)
        try Self.prepare(layout)
        try sweep()
    }

    private static func prepare(_ layout: StoreLayout) throws(StoreError) {
        do {
            try FileManager.default.createDirectory(atPath: layout.root, withIntermediateDirectories: true)
        } catch {
            let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
            throw .system(
                operation: "create the folder", path: layout.root, errno: Int32(cause?.code ?? Int(EACCES)))
        }
        if let bytes = try StoreFiles.read(layout.formatFile) {
            let format = try StoreJSON.decode(FormatFile.self, from: bytes, path: layout.formatFile)
            guard format.formatVersion == FormatFile.current else {
                throw .notAStore(
                    path: layout.root, reason: "its format \(format.formatVersion) is not known here")
            }
        } else {
            let known: Set = [
                "store.lock", "staging", "trash", "datastores", "tls", "buckets", "stacks", "roles",
                "sts.key",
            ]
            let others = try StoreFiles.names(in: layout.root).filter {
                !known.contains($0) && !$0.hasPrefix("store.json.")
            }
            guard others.isEmpty else { throw .notAStore(path: layout.root, reason: "it holds other files") }
            let bytes = try StoreJSON.encode(FormatFile(), for: layout.formatFile)
            try StoreFiles.replace(layout.formatFile, bytes: bytes)
        }
        for folder in [layout.staging, layout.trash, layout.datastores] {
            try StoreFiles.makeDirectory(folder)
        }
    }

    private struct FormatFile: Codable {
        static let current = 1
        var formatVersion = FormatFile.current
    }

    /// Removes what dead processes left: half-made data stores, trash, and the folders of writers whose lock is free.
    func sweep() throws(StoreError) {
        try FileLock.withLock(on: layout.lockFile) { () throws(StoreError) in
            for name in try StoreFiles.names(in: layout.staging) {
                try StoreFiles.removeTree(layout.staging + "/" + name)
            }
            // Whoever threw it away may be removing it just now, or may own what we may not remove: no reason to fail.
            for name in try StoreFiles.names(in: layout.trash) {
                try? StoreFiles.removeTree(layout.trash + "/" + name)
            }
            for name in try StoreFiles.names(in: layout.datastores) {
                guard let id = HealthImagingID(name) else { continue }
                try sweepWriters(of: id)
                try sweepDeletedImageSets(of: id)
            }
        }
    }

    /// Image sets whose deletion was asked for before their process died.
    private func sweepDeletedImageSets(of datastore: HealthImagingID) throws(StoreError) {
        for name in try StoreFiles.names(in: layout.imageSets(datastore)) {
            guard let id = HealthImagingID(name),
                let activity = try activity(datastoreID: datastore, imageSetID: id),
                activity.isDeletion
            else { continue }
            let trashed = layout.trash + "/" + HealthImagingID.random().description
            try StoreFiles.move(layout.imageSet(datastore, id), to: trashed)
            try? StoreFiles.removeTree(trashed)
        }
    }

    private func sweepWriters(of datastore: HealthImagingID) throws(StoreError) {
        let folder = layout.writers(datastore)
        let names = try StoreFiles.names(in: folder)
        for name in Set(names.map { $0.hasSuffix(".lock") ? String($0.dropLast(5)) : $0 }) {
            guard let lock = try FileLock(path: "\(folder)/\(name).lock", waiting: false) else { continue }
            try StoreFiles.removeTree("\(folder)/\(name)")
            unlink(lock.path)
        }
    }

    // MARK: Data stores

    /// Makes a data store, `ACTIVE` at once.
    ///
    /// - Parameters:
    ///   - clientToken: where a data store was made with the same token before, that one is returned.
    ///   - losslessStorageFormat: `HTJ2K` or `JPEG_2000_LOSSLESS`; how importers encode into it.
    public func createDatastore(
        name: String, clientToken: String? = nil, tags: [String: String] = [:],
        losslessStorageFormat: String = "HTJ2K", kmsKeyARN: String? = nil, lambdaAuthorizerARN: String? = nil
    ) throws(StoreError) -> DatastoreRecord {
        try FileLock.withLock(on: layout.lockFile) { () throws(StoreError) in
            if let clientToken,
                let earlier = try datastores().first(where: { $0.clientToken == clientToken })
            {
                return earlier
            }
            let now = Date.now
            let record = DatastoreRecord(
                id: .random(), name: name, createdAt: now, updatedAt: now,
                losslessStorageFormat: losslessStorageFormat, kmsKeyARN: kmsKeyARN,
                lambdaAuthorizerARN: lambdaAuthorizerARN, clientToken: clientToken)
            let staged = layout.staging + "/" + record.id.description
            try StoreFiles.makeDirectory(staged)
            for folder in ["writers", "imagesets"] { try StoreFiles.makeDirectory(staged + "/" + folder) }
            let file = staged + "/datastore.json"
            try StoreFiles.replace(file, bytes: StoreJSON.encode(DatastoreFile(record), for: file))
            if !tags.isEmpty {
                let file = staged + "/" + StoreLayout.tagsFileName
                try StoreFiles.replace(file, bytes: StoreJSON.encode(tags, for: file))
            }
            try StoreFiles.move(staged, to: layout.datastore(record.id))
            return record
        }
    }

    /// Every data store, the oldest first.
    public func datastores() throws(StoreError) -> [DatastoreRecord] {
        var records: [DatastoreRecord] = []
        for name in try StoreFiles.names(in: layout.datastores) {
            guard let id = HealthImagingID(name), let record = try readDatastore(id) else { continue }
            records.append(record)
        }
        return records.sorted { ($0.createdAt, $0.id.description) < ($1.createdAt, $1.id.description) }
    }

    /// - Throws: `StoreError.notFound`.
    public func datastore(_ id: HealthImagingID) throws(StoreError) -> DatastoreRecord {
        guard let record = try readDatastore(id) else { throw .notFound(what: "data store \(id)") }
        return record
    }

    /// Deletes an empty data store.
    ///
    /// - Throws: `StoreError.notFound`; `.conflict` while image sets or live writers are in it.
    public func deleteDatastore(_ id: HealthImagingID) throws(StoreError) {
        try FileLock.withLock(on: layout.lockFile) { () throws(StoreError) in
            _ = try datastore(id)
            try sweepWriters(of: id)
            // Writers first: none can begin under the lock, so one that is not seen here has committed before.
            guard try StoreFiles.names(in: layout.writers(id)).isEmpty else {
                throw .conflict(reason: "image sets are being written to data store \(id)")
            }
            guard try StoreFiles.names(in: layout.imageSets(id)).isEmpty else {
                throw .conflict(reason: "data store \(id) still holds image sets; delete them first")
            }
            guard try unfinishedImportJobs(datastoreID: id).isEmpty else {
                throw .conflict(reason: "import jobs into data store \(id) are not finished")
            }
            let trashed = layout.trash + "/" + HealthImagingID.random().description
            try StoreFiles.move(layout.datastore(id), to: trashed)
            cache.forget(datastore: id)
            try StoreFiles.removeTree(trashed)
        }
    }

    private func readDatastore(_ id: HealthImagingID) throws(StoreError) -> DatastoreRecord? {
        let path = layout.datastoreFile(id)
        guard let bytes = try StoreFiles.read(path) else { return nil }
        return try StoreJSON.decode(DatastoreFile.self, from: bytes, path: path).record(id: id)
    }
}
