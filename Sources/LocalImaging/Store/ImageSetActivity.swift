import Foundation
import FrameEngine

/// What is being done to an image set, which is locked for that time: `activity.json`.
///
/// The work itself is done in one step; how long it seems to take is a matter of the clock alone, so that a kill
/// leaves nothing locked for ever.
struct ImageSetActivity: Codable, Hashable, Sendable {
    /// `UPDATING`, `COPYING`, `COPYING_WITH_READ_ONLY_ACCESS` or `DELETING`.
    let workflowStatus: String
    /// When it ends, in seconds since 1970.
    let end: Double

    static let deletion = "DELETING"

    init(_ workflowStatus: String, until end: Date) {
        self.workflowStatus = workflowStatus
        self.end = end.timeIntervalSince1970
    }

    var isDeletion: Bool { workflowStatus == Self.deletion }

    func isOver(at date: Date) -> Bool { date.timeIntervalSince1970 >= end }
}

extension ImageSetRecord {
    /// What locks the image set at this moment. A deletion never ends but with the image set.
    func currentActivity(at date: Date = .now) -> ImageSetActivity? {
        activity.flatMap { $0.isDeletion || !$0.isOver(at: date) ? $0 : nil }
    }

    /// Whether its deletion was asked for.
    var isBeingDeleted: Bool { activity?.isDeletion ?? false }
}

extension ImageSetStore {
    /// The last thing that was begun with an image set; it may be over.
    func activity(
        datastoreID: HealthImagingID, imageSetID: HealthImagingID
    ) throws(StoreError) -> ImageSetActivity? {
        let path = layout.imageSet(datastoreID, imageSetID) + "/" + StoreLayout.activityFileName
        guard let bytes = try StoreFiles.read(path) else { return nil }
        return try StoreJSON.decode(ImageSetActivity.self, from: bytes, path: path)
    }

    /// Locks an image set until `activity` is over.
    ///
    /// - Throws: `StoreError.notFound`; `.conflict` while it is locked.
    func begin(
        _ activity: ImageSetActivity, datastoreID: HealthImagingID, imageSetID: HealthImagingID
    ) throws(StoreError) {
        try FileLock.withLock(on: layout.lockFile) { () throws(StoreError) in
            let record = try imageSet(datastoreID: datastoreID, imageSetID: imageSetID)
            try record.checkIsUnlocked()
            let path = layout.imageSet(datastoreID, imageSetID) + "/" + StoreLayout.activityFileName
            try StoreFiles.replace(path, bytes: StoreJSON.encode(activity, for: path))
        }
        cache.forget(datastore: datastoreID, imageSet: imageSetID)
    }

    /// Locks an image set, and deletes it when `seconds` are over.
    ///
    /// - Throws: `StoreError.notFound`; `.conflict` while it is locked.
    func beginDeletion(
        datastoreID: HealthImagingID, imageSetID: HealthImagingID, seconds: Double
    ) throws(StoreError) {
        guard seconds > 0 else {
            let record = try imageSet(datastoreID: datastoreID, imageSetID: imageSetID)
            try record.checkIsUnlocked()
            try deleteImageSet(datastoreID: datastoreID, imageSetID: imageSetID, inBackground: true)
            return
        }
        try begin(
            ImageSetActivity(ImageSetActivity.deletion, until: Date.now + seconds), datastoreID: datastoreID,
            imageSetID: imageSetID)
        // A process that dies before leaves it to the next one that opens the store.
        DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + seconds) {
            try? self.deleteImageSet(datastoreID: datastoreID, imageSetID: imageSetID)
        }
    }
}

extension ImageSetRecord {
    /// - Throws: `StoreError.conflict` while it is locked.
    func checkIsUnlocked() throws(StoreError) {
        if let activity = currentActivity() {
            throw .conflict(
                reason: "image set \(id) is LOCKED (\(activity.workflowStatus)); wait until it is ACTIVE")
        }
    }
}
