import FrameEngine

extension ImageSetStore {
    /// More than the service's 50 MB of metadata by far, and less than would hurt.
    private static let documentLimitInBytes = 1 << 30

    /// The metadata of one version, taken apart.
    ///
    /// - Throws: `StoreError.notFound`; `.damaged` where it is not of one series.
    func document(of record: ImageSetRecord) throws(StoreError) -> ImageSetDocument {
        let zipped = try metadata(
            datastoreID: record.datastoreID, imageSetID: record.id, version: record.version)
        let result = zipped.withUnsafeBytes { bytes in
            Result { () throws(GzipError) in try Gzip.inflate(bytes, limit: Self.documentLimitInBytes) }
        }
        guard case .success(let json) = result else {
            throw .damaged(
                path: metadataPath(
                    datastoreID: record.datastoreID, imageSetID: record.id, version: record.version),
                reason: "it is not whole gzip")
        }
        return try ImageSetDocument(parsing: json, datastoreID: record.datastoreID, imageSetID: record.id)
    }

    /// Runs `body` while nobody else decides, from what a data store holds, what shall be primary and which version
    /// comes next. Readers are not held up.
    func organizing<Result>(
        _ datastoreID: HealthImagingID, _ body: () throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        _ = try datastore(datastoreID)
        return try FileLock.withLock(on: layout.organizeLock(datastoreID), body)
    }
}
