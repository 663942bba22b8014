import Foundation
import FrameEngine
import Synchronization

/// Writes one new image set: frames first, then `commit`. Thread-safe: frames may come from several threads.
///
/// A writer that is dropped without a commit removes what it wrote; one that dies with its process is swept when
/// the store is opened next.
public final class ImageSetWriter: Sendable {
    public let datastoreID: HealthImagingID
    /// The id that the metadata document must name as `ImageSetID`.
    public let imageSetID: HealthImagingID

    let store: ImageSetStore
    let staged: StagedFolder
    private let state = Mutex(State())

    /// What was written so far.
    struct State {
        var isFinished = false
        var framesInFlight = 0
        var framesBySyntax: [TransferSyntax: Int] = [:]
        var frameSyntaxes: [HealthImagingID: TransferSyntax] = [:]
    }

    init(
        store: ImageSetStore, datastoreID: HealthImagingID, imageSetID: HealthImagingID, staged: StagedFolder
    ) {
        self.store = store
        self.datastoreID = datastoreID
        self.imageSetID = imageSetID
        self.staged = staged
    }

    deinit {
        if !state.withLock(\.isFinished) { staged.discard() }
    }

    /// Writes one frame; the bytes are copied to the file before this returns. Any thread.
    ///
    /// - Parameters:
    ///   - bytes: the frame as it will be served.
    ///   - syntax: the frame's `StoredTransferSyntaxUID`, which decides the Content-Type it is served with.
    /// - Throws: `StoreError.conflict` for an id that was added before or after `commit`; `.system` (disk full…).
    public func addFrame(
        id: HealthImagingID, bytes: UnsafeRawBufferPointer,
        storedAs syntax: TransferSyntax = .htj2kLosslessRPCL
    ) throws(StoreError) {
        try addFrame(id: id, storedAs: syntax) { (path) throws(StoreError) in
            // Not synced here: `commit` syncs all frames with one call.
            try StoreFiles.create(path, bytes: bytes)
        }
    }

    /// Takes a frame that is in the store already, as a second name of its file.
    func addFrame(
        id: HealthImagingID, linkedTo source: String, storedAs syntax: TransferSyntax
    ) throws(StoreError) {
        try addFrame(id: id, storedAs: syntax) { (path) throws(StoreError) in
            try StoreFiles.link(source, to: path)
        }
    }

    private func addFrame(
        id: HealthImagingID, storedAs syntax: TransferSyntax, _ make: (String) throws(StoreError) -> Void
    ) throws(StoreError) {
        let isOpen = state.withLock { state in
            guard !state.isFinished, state.frameSyntaxes[id] == nil else { return false }
            state.framesInFlight += 1
            state.frameSyntaxes[id] = syntax
            state.framesBySyntax[syntax, default: 0] += 1
            return true
        }
        guard isOpen else {
            throw .conflict(reason: "frame \(id) was added twice, or after its image set was finished")
        }
        defer { state.withLock { $0.framesInFlight -= 1 } }
        try make("\(staged.path)/frames/\(id)")
    }

    /// Ends the adding of frames.
    func finish() throws(StoreError) -> State {
        let written = state.withLock { state -> State? in
            guard !state.isFinished, state.framesInFlight == 0 else { return nil }
            state.isFinished = true
            return state
        }
        guard let written else {
            throw .conflict(reason: "image set \(imageSetID) was finished before, or frames are being added")
        }
        return written
    }

    /// Makes the image set visible, whole and durable, as version 1.
    ///
    /// - Parameters:
    ///   - metadata: the metadata document as plain JSON; stored gzipped.
    ///   - tags: what SearchImageSets finds the image set by.
    /// - Throws: `StoreError.conflict` when called twice or while `addFrame` runs; `.system`. After an error the
    ///   image set does not exist.
    @discardableResult
    public func commit(
        metadata: [UInt8], tags: DICOMTags, workflowStatus: String = "CREATED", isPrimary: Bool = true
    ) throws(StoreError) -> ImageSetRecord {
        try commit(
            metadata: metadata, tags: tags, workflowStatus: workflowStatus, isPrimary: isPrimary,
            importJobID: nil)
    }

    /// The same for a version that an import job made.
    @discardableResult
    func commit(
        metadata: [UInt8], tags: DICOMTags, workflowStatus: String = "CREATED", isPrimary: Bool,
        isForced: Bool = false, importJobID: String?
    ) throws(StoreError) -> ImageSetRecord {
        let written = try finish()
        defer { staged.discard() }
        let common = written.framesBySyntax.max { ($0.value, $0.key.uid) < ($1.value, $1.key.uid) }?.key
        let frameSyntax = common ?? .htj2kLosslessRPCL
        let now = Date.now
        let record = ImageSetRecord(
            datastoreID: datastoreID, id: imageSetID, version: 1, createdAt: now, updatedAt: now,
            workflowStatus: workflowStatus, isPrimary: isPrimary, isForced: isForced, tags: tags,
            frameCount: written.frameSyntaxes.count, frameSyntax: frameSyntax,
            otherFrameSyntaxes: written.frameSyntaxes.filter { $0.value != frameSyntax },
            importJobID: importJobID)
        let versionFolder = staged.path + "/" + StoreLayout.versionName(1)
        try ImageSetStore.writeVersion(record, metadata: metadata, in: versionFolder)
        try StoreFiles.syncFiles(in: staged.path + "/frames")
        for folder in [versionFolder, staged.path] { try StoreFiles.syncDirectory(folder) }
        try StoreFiles.move(staged.path, to: store.layout.imageSet(datastoreID, imageSetID))
        return record
    }

    /// Gives up: nothing of the image set stays. Without effect after `commit`.
    public func abandon() {
        let wasOpen = state.withLock { state in
            defer { state.isFinished = true }
            return !state.isFinished
        }
        if wasOpen { staged.discard() }
    }
}
