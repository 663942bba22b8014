import Foundation
import FrameEngine

/// UpdateImageSetMetadata.
extension HealthImagingAPI {
    private struct UpdateRequest: Decodable {
        struct Changes: Decodable {
            /// JSON documents, base64 on the wire.
            var removableAttributes: Data?
            var updatableAttributes: Data?
        }

        var changes: Changes?
        var revertToVersionId: String?

        enum CodingKeys: String, CodingKey {
            case changes = "DICOMUpdates"
            case revertToVersionId
        }
    }

    private struct UpdateResponse: Encodable {
        let datastoreId: String
        let imageSetId: String
        let latestVersionId: String
        let imageSetState: String
        let imageSetWorkflowStatus: String
        let createdAt: EpochSeconds
        let updatedAt: EpochSeconds
    }

    /// An image set, and what its next version is to be.
    private struct NextVersion {
        let base: ImageSetRecord
        let document: ImageSetDocument
        let workflow: String
    }

    func updateImageSetMetadata(
        _ address: ImageSetAddress, _ request: APIRequest
    ) throws(APIError) -> APIResponse {
        guard let latest = try request.parameter("latestVersion") else {
            throw .validation("latestVersion is missing")
        }
        let latestVersion = try version(latest, "latestVersion")
        let isForced = try flag("force", request)
        let includesStudy = try flag("includeStudyImageSets", request)
        let wanted = try decode(UpdateRequest.self, request)
        return try organizing(address.datastore) { () throws(APIError) in
            let base = try unlocked(address.datastore, address.imageSet, version: latestVersion)
            let next: [NextVersion]
            switch (wanted.changes, wanted.revertToVersionId) {
            case (let changes?, nil):
                let update = try edited { () throws(MetadataUpdate.Refusal) in
                    try MetadataUpdate(
                        removable: changes.removableAttributes.map { Array($0) },
                        updatable: changes.updatableAttributes.map { Array($0) }, isForced: isForced)
                }
                next = try apply(update, to: base, includingStudy: includesStudy)
            case (nil, let text?):
                guard !includesStudy else {
                    throw .validation("includeStudyImageSets does not go with revertToVersionId")
                }
                next = [try reverted(base, to: version(text, "revertToVersionId"))]
            default: throw .validation("give either DICOMUpdates or revertToVersionId")
            }
            try checkPrimary(next)
            return try commit(next, isForced: isForced)
        }
    }

    private func apply(
        _ update: MetadataUpdate, to base: ImageSetRecord, includingStudy: Bool
    ) throws(APIError) -> [NextVersion] {
        var next: [NextVersion] = []
        for record in includingStudy ? try studyMembers(of: base) : [base] {
            var document = try stored { () throws(StoreError) in try store.document(of: record) }
            try edited { () throws(MetadataUpdate.Refusal) in
                try update.apply(to: &document, sharedOnly: record.id != base.id)
            }
            next.append(
                NextVersion(
                    base: record, document: document,
                    workflow: record.id == base.id ? "UPDATING" : "UPDATING_FOR_STUDY_CONSISTENCY"))
        }
        return next
    }

    /// The image set, and all primary ones of its study, none of them locked.
    private func studyMembers(of base: ImageSetRecord) throws(APIError) -> [ImageSetRecord] {
        let study = base.tags.studyInstanceUID
        let others = try stored { () throws(StoreError) in try store.imageSets(datastoreID: base.datastoreID)
        }
        .filter {
            $0.isPrimary && $0.id != base.id && $0.tags.studyInstanceUID == study && !$0.isBeingDeleted
        }
        for record in others { try stored { () throws(StoreError) in try record.checkIsUnlocked() } }
        return [base] + others
    }

    private func reverted(_ base: ImageSetRecord, to version: Int) throws(APIError) -> NextVersion {
        let earlier = try stored { () throws(StoreError) in
            try store.imageSet(datastoreID: base.datastoreID, imageSetID: base.id, version: version)
        }
        guard version != base.version else { throw .validation("version \(version) is the latest already") }
        let document = try stored { () throws(StoreError) in try store.document(of: earlier) }
        return NextVersion(base: base, document: document, workflow: "UPDATING")
    }

    /// Primary image sets keep their UIDs, and agree with the other primary ones of the data store.
    private func checkPrimary(_ next: [NextVersion]) throws(APIError) {
        let changed = Set(next.map(\.base.id))
        guard let datastore = next.first?.base.datastoreID, next.contains(where: \.base.isPrimary) else {
            return
        }
        let others = try stored { () throws(StoreError) in try store.imageSets(datastoreID: datastore) }
            .filter { $0.isPrimary && !changed.contains($0.id) && !$0.isBeingDeleted }
            .compactMap { SeriesIdentity($0.tags) }
        for version in next where version.base.isPrimary {
            let before = SeriesIdentity(version.base.tags)
            guard let after = SeriesIdentity({ version.document.text($0) }) else {
                throw .validation("the image set needs a study and a series UID")
            }
            guard before?.study.studyInstanceUID == after.study.studyInstanceUID,
                before?.seriesInstanceUID == after.seriesInstanceUID
            else { throw .validation("the UIDs of a primary image set cannot be changed") }
            guard others.allSatisfy({ $0.isConsistent(with: after) }) else {
                throw .validation(
                    "image set \(version.base.id) would conflict with other primary image sets of its study; "
                        + "change them together with includeStudyImageSets=true")
            }
        }
    }

    private func commit(_ next: [NextVersion], isForced: Bool) throws(APIError) -> APIResponse {
        var records: [ImageSetRecord] = []
        for version in next {
            let tags = DICOMTags(of: version.document, counts: version.base.tags)
            let record = try stored { () throws(StoreError) in
                let record = try store.addVersion(
                    datastoreID: version.base.datastoreID, imageSetID: version.base.id,
                    latestVersion: version.base.version, metadata: version.document.serialized(), tags: tags,
                    isForced: isForced, frameCount: version.document.frameCount)
                try begin(version.workflow, record)
                return record
            }
            records.append(record)
        }
        guard let first = records.first else { throw .validation("nothing to change") }
        let isLocked = lockSeconds > 0
        return .json(
            UpdateResponse(
                datastoreId: first.datastoreID.description, imageSetId: first.id.description,
                latestVersionId: String(first.version), imageSetState: isLocked ? "LOCKED" : "ACTIVE",
                imageSetWorkflowStatus: isLocked ? "UPDATING" : first.workflowStatus,
                createdAt: EpochSeconds(first.createdAt), updatedAt: EpochSeconds(first.updatedAt)))
    }

    // MARK: What every change needs

    /// Runs `body` while no import and no other change decides about the data store's image sets.
    func organizing<Result>(
        _ datastore: HealthImagingID, _ body: () throws(APIError) -> Result
    ) throws(APIError) -> Result {
        let outcome = try stored { () throws(StoreError) in
            try store.organizing(datastore) { () throws(StoreError) in
                Swift.Result { () throws(APIError) in try body() }
            }
        }
        return try outcome.get()
    }

    /// The latest version of an image set that is to be changed.
    ///
    /// - Throws: a ConflictException where `version` is not the latest one or the image set is locked.
    func unlocked(
        _ datastore: HealthImagingID, _ imageSet: HealthImagingID, version: Int
    ) throws(APIError) -> ImageSetRecord {
        try stored { () throws(StoreError) in
            let record = try store.imageSet(datastoreID: datastore, imageSetID: imageSet)
            try record.checkIsUnlocked()
            guard record.version == version else {
                throw .conflict(reason: "version \(version) is not the latest of image set \(imageSet)")
            }
            return record
        }
    }

    /// Locks an image set for as long as such things take.
    func begin(_ workflow: String, _ record: ImageSetRecord) throws(StoreError) {
        guard lockSeconds > 0 else { return }
        try store.begin(
            ImageSetActivity(workflow, until: Date.now + lockSeconds), datastoreID: record.datastoreID,
            imageSetID: record.id)
    }

    /// Runs an edit of a document; its refusals become the API's.
    func edited<Result>(
        _ body: () throws(MetadataUpdate.Refusal) -> Result
    ) throws(APIError) -> Result {
        do throws(MetadataUpdate.Refusal) {
            return try body()
        } catch {
            throw .validation(error.message)
        }
    }
}
