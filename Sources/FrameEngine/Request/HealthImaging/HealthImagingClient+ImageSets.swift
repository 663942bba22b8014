extension HealthImagingClient {
    /// The image sets that a search finds, page by page as the loop asks for them: one page in memory at a time
    /// (SearchImageSets).
    public func searchImageSets(
        in datastoreID: HealthImagingID, _ search: ImageSetSearch = .all
    ) -> ImageSetPages {
        ImageSetPages(client: self, datastoreID: datastoreID, search: search)
    }

    /// One image set (GetImageSet); its latest version where `version` is nil.
    public func imageSet(
        _ id: HealthImagingID, in datastoreID: HealthImagingID, version: String? = nil
    ) async throws -> ImageSetProperties {
        try await client.json(
            Self.imageSetCall("GetImageSet", id, datastoreID, query: Self.versionQuery(version)))
    }

    /// An image set's metadata as served, gzipped or not (GetImageSetMetadata): input for `MetadataPlanner`.
    public func imageSetMetadata(
        _ id: HealthImagingID, in datastoreID: HealthImagingID, version: String? = nil
    ) async throws -> PooledBuffer {
        try await client.send(Self.metadataCall(id, datastoreID, version: version)).body
    }

    private static func metadataCall(
        _ id: HealthImagingID, _ datastoreID: HealthImagingID, version: String?
    ) -> AWSCall {
        var call = imageSetCall("GetImageSetMetadata", id, datastoreID, query: versionQuery(version))
        call.bodyLimit = metadataBytesLimit
        return call
    }

    /// The same, read by `reader`; what it throws at is asked for again, unless the same bytes come a second time.
    ///
    /// - Parameter reader: is given the document as served, valid until it returns.
    /// - Throws: what `reader` threw last, besides the client's own errors.
    package func imageSetMetadata<Value>(
        _ id: HealthImagingID, in datastoreID: HealthImagingID, version: String? = nil,
        reader: (PooledBuffer) throws -> Value
    ) async throws -> Value {
        try await client.read(Self.metadataCall(id, datastoreID, version: version)) { response in
            try reader(response.body)
        }
    }

    /// One frame as it is stored (GetImageFrame). For many frames there is `FrameFetcher`, which is far faster.
    public func imageFrame(
        _ id: HealthImagingID, of imageSetID: HealthImagingID, in datastoreID: HealthImagingID
    ) async throws -> ImageFrame {
        var call = Self.frameCall(id, imageSetID, datastoreID)
        call.bodyLimit = Self.frameBytesLimit
        let response = try await client.send(call)
        if let error = UnexpectedContentError(contentTypeOf: response) { throw error }
        return ImageFrame(bytes: response.body, contentType: response.field("content-type"))
    }

    /// All versions of an image set, the latest first (ListImageSetVersions, all pages).
    public func imageSetVersions(
        _ id: HealthImagingID, in datastoreID: HealthImagingID
    ) async throws -> [ImageSetVersion] {
        struct Page: PagedAnswer {
            let imageSetPropertiesList: [ImageSetVersion]
            let nextToken: String?

            var items: [ImageSetVersion] { imageSetPropertiesList }
        }
        return try await all(Self.imageSetCall("ListImageSetVersions", id, datastoreID), as: Page.self)
    }

    /// One page of a search, and the token of the next.
    func searchPage(
        in datastoreID: HealthImagingID, _ search: ImageSetSearch, token: String?
    ) async throws -> (imageSets: [ImageSetSummary], nextToken: String?) {
        struct Page: Decodable {
            let imageSetsMetadataSummaries: [ImageSetSummary]
            let nextToken: String?
        }
        let call = try AWSCall(
            Self.searchOperation, path: "/datastore/\(datastoreID)/searchImageSets",
            query: Self.pageQuery(token), hostPrefix: HealthImagingEndpoints.runtimePrefix
        ).with(json: search.criteria)
        let page = try await client.read(call) { try client.json($0, of: call, as: Page.self) }
        return (search.remaining(of: page.imageSetsMetadataSummaries), page.nextToken)
    }
}
