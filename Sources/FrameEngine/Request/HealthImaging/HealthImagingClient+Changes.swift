extension HealthImagingClient {
    /// Copies instances into another image set or a new one (CopyImageSet). Both are locked until it is done.
    public func copyImageSet(
        _ copy: ImageSetCopy, in datastoreID: HealthImagingID
    ) async throws -> CopiedImageSet {
        let query = Self.flags(("force", copy.force), ("promoteToPrimary", copy.promoteToPrimary))
        let call = Self.imageSetCall("CopyImageSet", copy.source.imageSetID, datastoreID, query: query)
        return try await client.json(call.with(json: ImageSetCopy.Body(copy)))
    }

    /// Makes a new version of an image set with other attributes (UpdateImageSetMetadata).
    ///
    /// - Parameters:
    ///   - latestVersion: what the latest version must be when the update begins.
    ///   - force: whether to change what identifies patient, study or series.
    ///   - includeStudyImageSets: whether the study's other image sets are to be changed likewise.
    public func updateImageSetMetadata(
        _ id: HealthImagingID, in datastoreID: HealthImagingID, latestVersion: String,
        _ update: MetadataUpdate,
        force: Bool? = nil, includeStudyImageSets: Bool? = nil
    ) async throws -> UpdatedImageSet {
        let query =
            [("latestVersion", latestVersion)]
            + Self.flags(("force", force), ("includeStudyImageSets", includeStudyImageSets))
        let call = Self.imageSetCall("UpdateImageSetMetadata", id, datastoreID, query: query)
        return try await client.json(call.with(json: update))
    }

    /// Deletes an image set (DeleteImageSet); it is locked until it is gone.
    ///
    /// The service allows few calls a second: whoever makes many takes a turn at a `DeletePacer` before each.
    public func deleteImageSet(
        _ id: HealthImagingID, in datastoreID: HealthImagingID
    ) async throws -> DeletedImageSet {
        try await client.json(Self.imageSetCall("DeleteImageSet", id, datastoreID))
    }

    /// A pacer at the service's documented quota; at no pace for an endpoint of one's own.
    public func makeDeletePacer() -> DeletePacer {
        DeletePacer(rate: client.endpoint.isCustom ? nil : DeletePacer.documentedRate)
    }

    private static func flags(_ flags: (String, Bool?)...) -> [(name: String, value: String?)] {
        flags.compactMap { name, value in value.map { (name, String($0)) } }
    }
}
