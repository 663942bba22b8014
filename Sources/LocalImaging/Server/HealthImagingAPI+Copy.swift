import Foundation
import FrameEngine

/// CopyImageSet.
extension HealthImagingAPI {
    private struct CopyRequest: Decodable {
        struct Source: Decodable {
            struct Copies: Decodable { var copiableAttributes: String }
            var latestVersionId: String
            var copies: Copies?

            enum CodingKeys: String, CodingKey {
                case latestVersionId
                case copies = "DICOMCopies"
            }
        }

        struct Destination: Decodable {
            var imageSetId: String
            var latestVersionId: String
        }

        var sourceImageSet: Source
        var destinationImageSet: Destination?
    }

    private struct CopyProperties: Encodable {
        let imageSetId: String
        let latestVersionId: String
        let imageSetState: String
        let imageSetWorkflowStatus: String
        let createdAt: EpochSeconds
        let updatedAt: EpochSeconds
        let imageSetArn: String
    }

    private struct CopyResponse: Encodable {
        let datastoreId: String
        let sourceImageSetProperties: CopyProperties
        let destinationImageSetProperties: CopyProperties
    }

    func copyImageSet(_ address: ImageSetAddress, _ request: APIRequest) throws(APIError) -> APIResponse {
        let isForced = try flag("force", request)
        let promotes = try flag("promoteToPrimary", request)
        let wanted = try decode(CopyRequest.self, request)
        let sourceVersion = try version(
            wanted.sourceImageSet.latestVersionId, "sourceImageSet.latestVersionId")
        guard !promotes || wanted.destinationImageSet == nil else {
            throw .validation("promoteToPrimary makes a new image set; leave destinationImageSet out")
        }
        return try organizing(address.datastore) { () throws(APIError) in
            let source = try unlocked(address.datastore, address.imageSet, version: sourceVersion)
            var document = try stored { () throws(StoreError) in try store.document(of: source) }
            if let text = wanted.sourceImageSet.copies?.copiableAttributes {
                try edited { () throws(MetadataUpdate.Refusal) in
                    try CopySelection(text).apply(to: &document)
                }
            }
            let destination: ImageSetRecord
            if let target = wanted.destinationImageSet {
                let imageSet = try id(target.imageSetId, "destinationImageSet.imageSetId")
                guard imageSet != source.id else {
                    throw .validation("an image set cannot be copied into itself")
                }
                let base = try unlocked(
                    address.datastore, imageSet,
                    version: version(target.latestVersionId, "destinationImageSet.latestVersionId"))
                destination = try add(document, of: source, to: base, isForced: isForced)
            } else {
                if promotes { try checkPromotion(source, document) }
                destination = try addNew(document, of: source, isPrimary: promotes)
            }
            try stored { () throws(StoreError) in
                try begin("COPYING_WITH_READ_ONLY_ACCESS", source)
                try begin("COPYING", destination)
            }
            return .json(
                CopyResponse(
                    datastoreId: address.datastore.description,
                    sourceImageSetProperties: properties(source, locked: "COPYING_WITH_READ_ONLY_ACCESS"),
                    destinationImageSetProperties: properties(destination, locked: "COPYING")))
        }
    }

    private func add(
        _ document: ImageSetDocument, of source: ImageSetRecord, to base: ImageSetRecord, isForced: Bool
    ) throws(APIError) -> ImageSetRecord {
        guard isForced || SeriesIdentity(source.tags) == SeriesIdentity(base.tags) else {
            throw .validation(
                "patient, study or series data of the two image sets differ; force=true copies all the same")
        }
        return try stored { () throws(StoreError) in
            let merged = try store.document(of: base).adding(document)
            let writer = try store.beginImageSet(datastoreID: base.datastoreID)
            try writer.link(Self.frames(of: document, in: source), of: source.id)
            return try writer.commit(
                onto: base, metadata: merged.serialized(), tags: base.tags, frameCount: merged.frameCount,
                workflowStatus: "COPIED", isForced: isForced)
        }
    }

    private func addNew(
        _ document: ImageSetDocument, of source: ImageSetRecord, isPrimary: Bool
    ) throws(APIError) -> ImageSetRecord {
        try stored { () throws(StoreError) in
            let writer = try store.beginImageSet(datastoreID: source.datastoreID)
            try writer.link(Self.frames(of: document, in: source), of: source.id)
            var copy = document
            copy.imageSetID = writer.imageSetID
            return try writer.commit(
                metadata: copy.serialized(), tags: source.tags, workflowStatus: "COPIED",
                isPrimary: isPrimary,
                importJobID: nil)
        }
    }

    /// A primary image set must be the only one of its series, and agree with those of its study.
    private func checkPromotion(_ source: ImageSetRecord, _ document: ImageSetDocument) throws(APIError) {
        guard !source.isPrimary else { throw .validation("image set \(source.id) is primary already") }
        guard let identity = SeriesIdentity({ document.text($0) }) else {
            throw .validation("the image set needs a study and a series UID")
        }
        let primaries = try stored { () throws(StoreError) in
            try store.imageSets(datastoreID: source.datastoreID)
        }
        .filter { $0.isPrimary && !$0.isBeingDeleted }
        .compactMap { SeriesIdentity($0.tags) }
        for other in primaries {
            guard other.seriesInstanceUID != identity.seriesInstanceUID, other.isConsistent(with: identity)
            else {
                throw .conflict(
                    "image set \(source.id) conflicts with a primary image set of its study or series")
            }
        }
    }

    private static func frames(
        of document: ImageSetDocument, in source: ImageSetRecord
    ) -> [(id: HealthImagingID, syntax: TransferSyntax)] {
        document.instances.flatMap(\.frames).map { (id: $0.id, syntax: source.storedSyntax(of: $0.id)) }
    }

    private func properties(_ record: ImageSetRecord, locked workflow: String) -> CopyProperties {
        let isLocked = lockSeconds > 0
        return CopyProperties(
            imageSetId: record.id.description, latestVersionId: String(record.version),
            imageSetState: isLocked ? "LOCKED" : "ACTIVE",
            imageSetWorkflowStatus: isLocked ? workflow : record.workflowStatus,
            createdAt: EpochSeconds(record.createdAt), updatedAt: EpochSeconds(record.updatedAt),
            imageSetArn: arn(datastore: record.datastoreID, imageSet: record.id))
    }
}
