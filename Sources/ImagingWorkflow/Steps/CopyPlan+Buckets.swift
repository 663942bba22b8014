import FrameEngine

extension CopyPlan {
    /// Every object below `prefix`, keys relative to it put behind `destination`.
    init(bucket: String, prefix: String, destination: String, s3: S3Client) async throws {
        let folder = Self.folder(prefix)
        for try await page in s3.objects(in: bucket, prefix: folder) {
            for object in page {
                let name = String(
                    decoding: Array(object.key.utf8.dropFirst(folder.utf8.count)), as: UTF8.self)
                // The empty objects that consoles make as folders.
                if name.isEmpty || (name.hasSuffix("/") && object.size == 0) { continue }
                items.append(
                    CopyItem(
                        source: .object(bucket: bucket, key: object.key, etag: object.etag),
                        key: destination + name, size: object.size))
            }
        }
        if items.isEmpty, !prefix.isEmpty, let head = try await s3.headObject(prefix, in: bucket) {
            let name = prefix.split(separator: "/").last.map(String.init) ?? prefix
            items.append(
                CopyItem(
                    source: .object(bucket: bucket, key: prefix, etag: head.etag), key: destination + name,
                    size: head.size))
        }
        guard !items.isEmpty else {
            throw StepError(
                .notFound, "there is nothing to copy: no object in bucket '\(bucket)' is below '\(folder)'")
        }
    }
}
