import Foundation
import FrameEngine
import Synchronization

/// The latest records of image sets, each valid while its folder has not changed since it was read. Any thread.
final class RecordCache: Sendable {
    private struct Entry {
        var record: ImageSetRecord
        var changed: Int64
    }

    private let entries = Mutex<[HealthImagingID: [HealthImagingID: Entry]]>([:])

    /// A folder that changed this recently may change again without a new time stamp: file systems stamp in ticks
    /// of up to two seconds (FAT; ext4 and xfs take milliseconds).
    private static let youngestKeptNanoseconds: Int64 = 2_000_000_000

    func record(datastore: HealthImagingID, imageSet: HealthImagingID, changed: Int64) -> ImageSetRecord? {
        entries.withLock { entries in
            guard let entry = entries[datastore]?[imageSet], entry.changed == changed else { return nil }
            return entry.record
        }
    }

    /// `changed` is the folder's time stamp from before the record was read.
    func keep(_ record: ImageSetRecord, changed: Int64) {
        let now = Int64(Date.now.timeIntervalSince1970 * 1e9)
        guard now - changed > Self.youngestKeptNanoseconds else { return }
        entries.withLock {
            $0[record.datastoreID, default: [:]][record.id] = Entry(record: record, changed: changed)
        }
    }

    func forget(datastore: HealthImagingID) {
        entries.withLock { $0[datastore] = nil }
    }

    func forget(datastore: HealthImagingID, imageSet: HealthImagingID) {
        entries.withLock { $0[datastore]?[imageSet] = nil }
    }
}
