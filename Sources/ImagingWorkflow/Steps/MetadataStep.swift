import FrameEngine

/// Downloads the metadata of image sets into files.
package struct MetadataStep: Sendable {
    /// How metadata is saved.
    package enum Format: String, CaseIterable, Sendable {
        /// As the service sends it.
        case gzip
        /// Inflated.
        case json
    }

    /// A saved document.
    package struct Saved: Sendable {
        package let path: String
        /// Of the file.
        package let bytes: Int
    }

    private let client: HealthImagingClient

    package init(client: HealthImagingClient) { self.client = client }

    /// Saves the metadata at `path`, whose folder must exist; a file that is there is replaced as a whole.
    ///
    /// - Parameter version: nil for the latest.
    /// - Throws: what the request throws; `PlanError` for damaged gzip; `WriteError`.
    package func save(
        _ imageSetID: HealthImagingID, in datastoreID: HealthImagingID, version: String? = nil,
        as format: Format,
        to path: String
    ) async throws -> Saved {
        let document = try await client.imageSetMetadata(imageSetID, in: datastoreID, version: version)
        let size = try Self.write(document, as: format, name: "image set \(imageSetID)", to: path)
        return Saved(path: path, bytes: size)
    }

    /// Saves the gzipped metadata at `path`, and reads what it says of the frames.
    package func describe(
        _ imageSetID: HealthImagingID, in datastoreID: HealthImagingID, version: String? = nil,
        savingTo path: String
    ) async throws -> ImageSetDescription {
        let (document, frames) = try await client.imageSetMetadata(
            imageSetID, in: datastoreID, version: version
        ) { document in
            (document, try MetadataPlanner.describe(document.bytes, source: "image set \(imageSetID)"))
        }
        let size = try Self.write(document, as: .gzip, name: "image set \(imageSetID)", to: path)
        return ImageSetDescription(imageSetID: imageSetID, path: path, bytes: size, frames: frames)
    }

    /// - Returns: the file's size in bytes.
    private static func write(
        _ document: PooledBuffer, as format: Format, name: String, to path: String
    ) throws -> Int {
        defer { withExtendedLifetime(document) {} }
        let bytes = document.bytes
        let isGzip = Gzip.isGzip(bytes)
        let converted: [UInt8]
        switch (format, isGzip) {
        case (.gzip, true), (.json, false):
            try AtomicFile.write(bytes, to: path, tag: "metadata")
            return bytes.count
        case (.gzip, false): converted = Gzip.deflate(bytes)
        case (.json, true):
            do {
                converted = try Gzip.inflate(bytes, limit: MetadataPlanner.inflatedBytesLimit)
            } catch {
                throw StepError(
                    .service, "\(name): the metadata's gzip is damaged, cut short or far too large")
            }
        }
        try AtomicFile.write(converted, to: path, tag: "metadata")
        return converted.count
    }
}
