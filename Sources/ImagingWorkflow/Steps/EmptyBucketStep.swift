import FrameEngine

/// Deletes what is in a bucket, in all versions. A value; any thread.
package struct EmptyBucketStep: Sendable {
    let s3: S3Client

    package init(s3: S3Client) {
        self.s3 = s3
    }

    /// Deletes every version of every object whose key begins with `prefix`, and every delete marker there.
    ///
    /// A bucket that does not exist is an empty one. Safe to repeat.
    ///
    /// - Parameter report: is told how many were deleted so far, after each page.
    /// - Returns: how many versions and delete markers there were.
    /// - Throws: the clients' errors; `ServiceError` for the first object that S3 would not delete.
    package func empty(
        _ bucket: String, prefix: String = "", report: (Int) -> Void = { _ in }
    ) async throws -> Int {
        var deleted = 0
        var previous: [S3ObjectVersion] = []
        do {
            // From the start each time: what was there is gone, and no marker has to name what is gone.
            while let page = try await firstVersions(of: bucket, prefix: prefix) {
                guard page != previous else {
                    throw ServiceError.unreadable(
                        "ListObjectVersions", status: 200, "of s3://\(bucket) still lists what was deleted")
                }
                let failures = try await s3.deleteObjects(page, in: bucket)
                if let first = failures.first { throw Self.error(first, failures.count, bucket) }
                deleted += page.count
                previous = page
                report(deleted)
            }
        } catch let error as ServiceError where error.awsCode == "NoSuchBucket" {
            return deleted
        }
        return deleted
    }

    /// The first page that has any; nil where there are none.
    private func firstVersions(of bucket: String, prefix: String) async throws -> [S3ObjectVersion]? {
        for try await page in s3.objectVersions(in: bucket, prefix: prefix) where !page.isEmpty {
            return page
        }
        return nil
    }

    private static func error(
        _ failure: S3DeletionFailure, _ count: Int, _ bucket: String
    ) -> ServiceError {
        let isForbidden = failure.code == "AccessDenied"
        let others = count > 1 ? " (and \(count - 1) more)" : ""
        return ServiceError(
            operation: "DeleteObjects", status: 200, awsCode: failure.code.isEmpty ? nil : failure.code,
            message: "DeleteObjects: s3://\(bucket)/\(failure.key)\(others) is not deleted: \(failure.code) "
                + "\(failure.message.prefix(300))",
            kind: isForbidden ? .credentials : .server)
    }
}
