import FrameEngine

/// Searches a data store for image sets, through all pages of the answer.
package struct SearchStep: Sendable {
    private let client: HealthImagingClient

    package init(client: HealthImagingClient) { self.client = client }

    /// Calls `found` with each image set as its page arrives; only one page is in memory at a time.
    ///
    /// - Parameter limit: stops after so many; nil for all.
    /// - Returns: how many there were, `limit` at most.
    /// - Throws: what the requests throw.
    @discardableResult
    package func search(
        _ search: ImageSetSearch, in datastoreID: HealthImagingID, limit: Int? = nil,
        found: (ImageSetSummary) throws -> Void
    ) async throws -> Int {
        var count = 0
        for try await page in client.searchImageSets(in: datastoreID, search) {
            for imageSet in page {
                if let limit, count >= limit { return count }
                count += 1
                try found(imageSet)
            }
        }
        return count
    }
}
