import Foundation
import FrameEngine

/// Finds the image set that a series belongs to, and commits it there (developer guide, "Understanding import jobs").
///
/// - A series without conflict joins the primary image set of that series, as its next version; an instance that is
///   there already is replaced. Where there is none, it becomes one.
/// - A series that conflicts with a primary image set becomes a non-primary image set of its own.
struct SeriesPlacement {
    let store: ImageSetStore
    let identity: SeriesIdentity
    let document: ImageSetDocument
    let tags: DICOMTags
    let otherInstancesInStudy: Int
    /// What the job committed before it was interrupted is not committed again.
    let jobID: String?

    /// How long a locked image set is waited for, in seconds.
    private static let patience = 30.0

    func commit(_ writer: ImageSetWriter) throws(StoreError) -> ImageSetRecord {
        let deadline = Date.now + Self.patience
        while true {
            // One series at a time, so that two jobs do not both make its first image set.
            let result = try store.organizing(writer.datastoreID) { () throws(StoreError) in
                try commitUnlessLocked(writer)
            }
            if let result { return result }
            guard Date.now < deadline else {
                throw .conflict(reason: "the image set of series \(identity.seriesInstanceUID) stays LOCKED")
            }
            usleep(20_000)
        }
    }

    /// Nil where the image set is locked at this moment.
    private func commitUnlessLocked(_ writer: ImageSetWriter) throws(StoreError) -> ImageSetRecord? {
        let present = try store.imageSets(datastoreID: writer.datastoreID).filter { !$0.isBeingDeleted }
        if let jobID, let earlier = try version(madeBy: jobID, among: present) {
            writer.abandon()
            return earlier
        }
        let primaries = present.filter(\.isPrimary).compactMap { record in
            SeriesIdentity(record.tags).map { (record: record, identity: $0) }
        }
        guard primaries.allSatisfy({ $0.identity.isConsistent(with: identity) }) else {
            return try writer.commit(
                metadata: document.serialized(), tags: counted(document.instances.count), isPrimary: false,
                importJobID: jobID)
        }
        guard let base = primaries.first(where: { $0.identity == identity })?.record else {
            return try writer.commit(
                metadata: document.serialized(), tags: counted(document.instances.count), isPrimary: true,
                importJobID: jobID)
        }
        guard base.currentActivity() == nil else { return nil }
        return try extend(base, with: writer)
    }

    /// What the job committed of this series before: another job may have added versions since.
    private func version(
        madeBy jobID: String, among present: [ImageSetRecord]
    ) throws(StoreError) -> ImageSetRecord? {
        for latest in present where SeriesIdentity(latest.tags) == identity {
            for number in stride(from: latest.version, to: 0, by: -1) {
                let record = try store.imageSet(
                    datastoreID: latest.datastoreID, imageSetID: latest.id, version: number)
                if record.importJobID == jobID { return record }
            }
        }
        return nil
    }

    private func extend(_ base: ImageSetRecord, with writer: ImageSetWriter) throws(StoreError)
        -> ImageSetRecord
    {
        let merged = try store.document(of: base).adding(document)
        // What is searched by stays what the shared levels of the metadata say.
        var tags = base.tags
        tags.numberOfStudyRelatedSeries = max(
            tags.numberOfStudyRelatedSeries ?? 1, self.tags.numberOfStudyRelatedSeries ?? 1)
        tags.numberOfStudyRelatedInstances = max(
            tags.numberOfStudyRelatedInstances ?? 0, merged.instances.count + otherInstancesInStudy)
        return try writer.commit(
            onto: base, metadata: merged.serialized(), tags: tags, frameCount: merged.frameCount,
            workflowStatus: "UPDATED", importJobID: jobID)
    }

    private func counted(_ instances: Int) -> DICOMTags {
        var tags = tags
        tags.numberOfStudyRelatedInstances = instances + otherInstancesInStudy
        return tags
    }
}
