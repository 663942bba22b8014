import Foundation
import FrameEngine

/// SearchImageSets.
extension HealthImagingAPI {
    private struct Summary: Encodable {
        let imageSetId: String
        /// A number here; a string in every other operation.
        let version: Int
        let createdAt: EpochSeconds
        let updatedAt: EpochSeconds
        let storageTier = "FREQUENT_ACCESS"
        let isPrimary: Bool
        let tags: DICOMTags

        enum CodingKeys: String, CodingKey {
            case imageSetId
            case version
            case createdAt
            case updatedAt
            case storageTier
            case isPrimary
            case tags = "DICOMTags"
        }
    }

    private struct SearchResponse: Encodable {
        let imageSetsMetadataSummaries: [Summary]
        let sort: SearchCriteria.Sort
        let nextToken: String?
    }

    func searchImageSets(
        _ datastore: HealthImagingID, _ request: APIRequest
    ) throws(APIError) -> APIResponse {
        let criteria = try decode(SearchCriteria.self, request)
        let page = try PageRequest(request, scope: "SearchImageSets \(datastore) \(criteria.fingerprint)")
        let records = try stored { () throws(StoreError) in
            try store.imageSets(datastoreID: datastore)
        }
        let found = records.filter { !$0.isBeingDeleted && criteria.matches($0) }
            .map { (position: criteria.position(of: $0), value: $0) }
        let (chosen, nextToken) = page.slice(found, descending: criteria.sort.sortOrder == .descending)
        let summaries = chosen.map { record in
            Summary(
                imageSetId: record.id.description, version: record.version,
                createdAt: EpochSeconds(record.createdAt), updatedAt: EpochSeconds(record.updatedAt),
                isPrimary: record.isPrimary, tags: record.tags)
        }
        return .json(
            SearchResponse(
                imageSetsMetadataSummaries: summaries, sort: criteria.sort, nextToken: nextToken))
    }
}
