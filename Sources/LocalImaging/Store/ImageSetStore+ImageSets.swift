import Foundation
import FrameEngine

extension ImageSetStore {
    /// Begins a new image set. Nothing of it is seen before `commit`.
    ///
    /// - Throws: `StoreError.notFound` for an unknown data store.
    public func beginImageSet(datastoreID: HealthImagingID) throws(StoreError) -> ImageSetWriter {
        let id = HealthImagingID.random()
        let staged = try stage(id, in: datastoreID, folders: ["frames", StoreLayout.versionName(1)])
        return ImageSetWriter(store: self, datastoreID: datastoreID, imageSetID: id, staged: staged)
    }

    /// Every image set of a data store in its latest version, in no particular order.
    public func imageSets(datastoreID: HealthImagingID) throws(StoreError) -> [ImageSetRecord] {
        let names = try StoreFiles.names(in: layout.imageSets(datastoreID))
        // An empty list can also mean that there is no such data store.
        if names.isEmpty { _ = try datastore(datastoreID) }
        var records: [ImageSetRecord] = []
        records.reserveCapacity(names.count)
        for name in names {
            guard let id = HealthImagingID(name) else { continue }
            do throws(StoreError) {
                records.append(try imageSet(datastoreID: datastoreID, imageSetID: id))
            } catch .notFound {
                continue  // deleted since the folder was listed
            }
        }
        return records
    }

    /// One image set; its latest version unless `version` names another.
    ///
    /// - Throws: `StoreError.notFound`.
    public func imageSet(
        datastoreID: HealthImagingID, imageSetID: HealthImagingID, version: Int? = nil
    ) throws(StoreError) -> ImageSetRecord {
        if let version {
            return try readRecord(datastoreID, imageSetID, version: version)
        }
        let folder = layout.imageSet(datastoreID, imageSetID)
        guard let changed = StoreFiles.modificationNanoseconds(folder) else {
            cache.forget(datastore: datastoreID, imageSet: imageSetID)
            throw .notFound(what: "image set \(imageSetID) in data store \(datastoreID)")
        }
        if let record = cache.record(datastore: datastoreID, imageSet: imageSetID, changed: changed) {
            return record
        }
        guard let latest = try versions(datastoreID: datastoreID, imageSetID: imageSetID).last else {
            throw .notFound(what: "image set \(imageSetID) in data store \(datastoreID)")
        }
        let record = try readRecord(datastoreID, imageSetID, version: latest)
        cache.keep(record, changed: changed)
        return record
    }

    /// The versions of an image set, ascending.
    ///
    /// - Throws: `StoreError.notFound`.
    public func versions(
        datastoreID: HealthImagingID, imageSetID: HealthImagingID
    ) throws(StoreError) -> [Int] {
        let names = try StoreFiles.names(in: layout.imageSet(datastoreID, imageSetID))
        let versions = names.compactMap(StoreLayout.version(named:)).sorted()
        guard !versions.isEmpty else {
            throw .notFound(what: "image set \(imageSetID) in data store \(datastoreID)")
        }
        return versions
    }

    /// The gzipped metadata document of one version (the latest where `version` is nil).
    ///
    /// - Throws: `StoreError.notFound`.
    public func metadata(
        datastoreID: HealthImagingID, imageSetID: HealthImagingID, version: Int? = nil
    ) throws(StoreError) -> [UInt8] {
        let record = try imageSet(datastoreID: datastoreID, imageSetID: imageSetID, version: version)
        let folder = layout.version(datastoreID, imageSetID, record.version)
        guard let bytes = try StoreFiles.read(folder + "/" + StoreLayout.metadataFileName) else {
            throw .notFound(what: "version \(record.version) of image set \(imageSetID)")
        }
        return bytes
    }

    /// Where the gzipped metadata document of one version lies. The file may be gone by the time it is opened.
    public func metadataPath(
        datastoreID: HealthImagingID, imageSetID: HealthImagingID, version: Int
    ) -> String {
        layout.version(datastoreID, imageSetID, version) + "/" + StoreLayout.metadataFileName
    }

    /// Where a frame's bytes lie, and in which syntax. The file may be gone by the time it is opened.
    ///
    /// - Throws: `StoreError.notFound` for an unknown image set; an unknown frame shows when the file is opened.
    public func frameFile(
        datastoreID: HealthImagingID, imageSetID: HealthImagingID, frameID: HealthImagingID
    ) throws(StoreError) -> (path: String, syntax: TransferSyntax) {
        frameFile(of: try imageSet(datastoreID: datastoreID, imageSetID: imageSetID), frameID: frameID)
    }

    /// The same where the record is known.
    func frameFile(
        of record: ImageSetRecord, frameID: HealthImagingID
    ) -> (path: String, syntax: TransferSyntax) {
        (layout.frame(record.datastoreID, record.id, frameID), record.storedSyntax(of: frameID))
    }

    /// Adds a version with other metadata; the frames are shared with the versions before it.
    ///
    /// - Parameters:
    ///   - latestVersion: the version that the caller changed.
    ///   - frameCount: the frames that the metadata names; nil where they are as many as before.
    /// - Throws: `StoreError.notFound`; `.conflict` where `latestVersion` is not the latest any more.
    public func addVersion(
        datastoreID: HealthImagingID, imageSetID: HealthImagingID, latestVersion: Int,
        metadata: [UInt8], tags: DICOMTags, workflowStatus: String = "UPDATED", isForced: Bool = false,
        frameCount: Int? = nil
    ) throws(StoreError) -> ImageSetRecord {
        let base = try imageSet(datastoreID: datastoreID, imageSetID: imageSetID)
        let stale = StoreError.conflict(
            reason: "version \(latestVersion) is not the latest of image set \(imageSetID)")
        guard base.version == latestVersion else { throw stale }
        let record = ImageSetRecord(
            datastoreID: datastoreID, id: imageSetID, version: latestVersion + 1, createdAt: base.createdAt,
            updatedAt: Date.now, workflowStatus: workflowStatus, isPrimary: base.isPrimary,
            isForced: isForced, tags: tags, frameCount: frameCount ?? base.frameCount,
            frameSyntax: base.frameSyntax,
            otherFrameSyntaxes: base.otherFrameSyntaxes)
        let staged = try stage(.random(), in: datastoreID, folders: [])
        defer { staged.discard() }
        try Self.writeVersion(record, metadata: metadata, in: staged.path)
        try StoreFiles.syncDirectory(staged.path)
        try FileLock.withLock(on: layout.lockFile) { () throws(StoreError) in
            // Under the lock nobody deletes the image set or adds the same version between check and rename.
            guard try versions(datastoreID: datastoreID, imageSetID: imageSetID).last == latestVersion else {
                throw stale
            }
            try StoreFiles.move(staged.path, to: layout.version(datastoreID, imageSetID, record.version))
        }
        return record
    }

    /// Deletes an image set with all versions and frames: out of sight in one step, then removed from the disk.
    ///
    /// - Parameter inBackground: return when it is out of sight, and remove thousands of frames meanwhile.
    /// - Throws: `StoreError.notFound`.
    public func deleteImageSet(
        datastoreID: HealthImagingID, imageSetID: HealthImagingID, inBackground: Bool = false
    ) throws(StoreError) {
        let folder = layout.imageSet(datastoreID, imageSetID)
        let trashed = layout.trash + "/" + HealthImagingID.random().description
        try FileLock.withLock(on: layout.lockFile) { () throws(StoreError) in
            guard StoreFiles.exists(folder) else {
                throw .notFound(what: "image set \(imageSetID) in data store \(datastoreID)")
            }
            try StoreFiles.move(folder, to: trashed)
        }
        cache.forget(datastore: datastoreID, imageSet: imageSetID)
        // A kill from here on leaves trash for the next sweep; a sweep at the same time only helps.
        if inBackground {
            DispatchQueue.global(qos: .utility).async { try? StoreFiles.removeTree(trashed) }
        } else {
            try StoreFiles.removeTree(trashed)
        }
    }

    /// Makes the folder of a writer and takes its lock, so that no sweep can take it for a dead one's.
    private func stage(
        _ id: HealthImagingID, in datastoreID: HealthImagingID, folders: [String]
    ) throws(StoreError) -> StagedFolder {
        try FileLock.withLock(on: layout.lockFile) { () throws(StoreError) in
            _ = try datastore(datastoreID)
            let path = layout.writers(datastoreID) + "/" + id.description
            guard let lock = try FileLock(path: path + ".lock", waiting: false) else {
                throw .conflict(reason: "\(path) is in use")
            }
            let staged = StagedFolder(path: path, lock: lock)
            try StoreFiles.makeDirectory(path)
            for folder in folders { try StoreFiles.makeDirectory(path + "/" + folder) }
            return staged
        }
    }

    /// Writes the files of one version into `folder`, each synced.
    static func writeVersion(
        _ record: ImageSetRecord, metadata: [UInt8], in folder: String
    ) throws(StoreError) {
        let zipped = metadata.withUnsafeBytes { Gzip.deflate($0) }
        try StoreFiles.create(folder + "/" + StoreLayout.metadataFileName, bytes: zipped)
        if !record.otherFrameSyntaxes.isEmpty {
            let path = folder + "/" + StoreLayout.syntaxesFileName
            try StoreFiles.create(
                path, bytes: StoreJSON.encode(FrameSyntaxesFile(record.otherFrameSyntaxes), for: path))
        }
        let path = folder + "/" + StoreLayout.imageSetFileName
        try StoreFiles.create(path, bytes: StoreJSON.encode(ImageSetFile(record), for: path))
    }

    private func readRecord(
        _ datastoreID: HealthImagingID, _ imageSetID: HealthImagingID, version: Int
    ) throws(StoreError) -> ImageSetRecord {
        let folder = layout.version(datastoreID, imageSetID, version)
        let path = folder + "/" + StoreLayout.imageSetFileName
        guard let bytes = try StoreFiles.read(path) else {
            throw .notFound(what: "version \(version) of image set \(imageSetID)")
        }
        let file = try StoreJSON.decode(ImageSetFile.self, from: bytes, path: path)
        var others: [HealthImagingID: TransferSyntax] = [:]
        let syntaxesPath = folder + "/" + StoreLayout.syntaxesFileName
        if let bytes = try StoreFiles.read(syntaxesPath) {
            others = try StoreJSON.decode(FrameSyntaxesFile.self, from: bytes, path: syntaxesPath).syntaxes
        }
        var record = file.record(
            datastoreID: datastoreID, id: imageSetID, version: version, otherFrameSyntaxes: others)
        record.activity = try activity(datastoreID: datastoreID, imageSetID: imageSetID)
        return record
    }
}
