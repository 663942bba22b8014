import Foundation
import FrameEngine

extension ImageSetWriter {
    /// Adds the frames to an image set that exists, as its next version, whole and durable.
    ///
    /// The frames of earlier versions stay, so that those can still be read.
    ///
    /// - Parameters:
    ///   - base: the latest version, which the metadata builds upon.
    ///   - metadata: the whole document of the new version as plain JSON, with the image set's own id.
    ///   - frameCount: the frames that it names.
    /// - Throws: `StoreError.conflict` where `base` is not the latest version any more, when called twice or while
    ///   `addFrame` runs; `.notFound`; `.system`. After an error the image set is as before.
    @discardableResult
    func commit(
        onto base: ImageSetRecord, metadata: [UInt8], tags: DICOMTags, frameCount: Int,
        workflowStatus: String, isForced: Bool = false, importJobID: String? = nil
    ) throws(StoreError) -> ImageSetRecord {
        let written = try finish()
        defer { staged.discard() }
        let others = written.frameSyntaxes.filter { $0.value != base.frameSyntax }
        let record = ImageSetRecord(
            datastoreID: datastoreID, id: base.id, version: base.version + 1, createdAt: base.createdAt,
            updatedAt: Date.now, workflowStatus: workflowStatus, isPrimary: base.isPrimary,
            isForced: isForced,
            tags: tags, frameCount: frameCount, frameSyntax: base.frameSyntax,
            otherFrameSyntaxes: base.otherFrameSyntaxes.merging(others) { $1 }, importJobID: importJobID)
        let versionFolder = staged.path + "/" + StoreLayout.versionName(1)
        let frames = staged.path + "/frames"
        try ImageSetStore.writeVersion(record, metadata: metadata, in: versionFolder)
        try StoreFiles.syncFiles(in: frames)
        try StoreFiles.syncDirectory(versionFolder)
        let layout = store.layout
        let target = layout.imageSet(datastoreID, base.id)
        try FileLock.withLock(on: layout.lockFile) { () throws(StoreError) in
            guard try store.versions(datastoreID: datastoreID, imageSetID: base.id).last == base.version
            else {
                throw .conflict(reason: "version \(base.version) is not the latest of image set \(base.id)")
            }
            // Frames that no version names do no harm; a kill in between leaves some.
            for name in try StoreFiles.names(in: frames) {
                try StoreFiles.rename("\(frames)/\(name)", to: "\(target)/frames/\(name)")
            }
            try StoreFiles.syncDirectory(target + "/frames")
            try StoreFiles.move(versionFolder, to: layout.version(datastoreID, base.id, record.version))
        }
        store.cache.forget(datastore: datastoreID, imageSet: base.id)
        return record
    }

    /// Takes frames of another image set of the same data store; the files are shared, since they never change.
    func link(_ frames: [(id: HealthImagingID, syntax: TransferSyntax)], of source: HealthImagingID)
        throws(StoreError)
    {
        for (id, syntax) in frames {
            try addFrame(id: id, linkedTo: store.layout.frame(datastoreID, source, id), storedAs: syntax)
        }
    }
}
