import FrameEngine

/// One file of a copy: where from, where to, how large.
struct CopyItem: Hashable, Sendable {
    enum Source: Hashable, Sendable {
        case object(bucket: String, key: String, etag: String)
        case file(path: String)
    }

    let source: Source
    /// The key in the destination.
    let key: String
    /// In bytes.
    let size: Int

    /// As errors call it.
    var name: String {
        switch source {
        case .object(let bucket, let key, _): "s3://\(bucket)/\(key)"
        case .file(let path): path
        }
    }
}

/// A key as S3 compares keys: two spellings of one character, which are the same text to Swift, make two keys.
struct KeyBytes: Hashable, Sendable {
    private let bytes: [UInt8]

    init(_ key: String) { bytes = Array(key.utf8) }
}

/// What a copy has to do, found before anything is done.
struct CopyPlan: Sendable {
    var items: [CopyItem] = []
    var otherFiles: [String] = []

    /// - Throws: `StepError` where there is nothing to copy, where two files would become one object, and where one
    ///   is larger than S3 takes at once.
    func checked() throws(StepError) -> CopyPlan {
        var sources: [KeyBytes: CopyItem] = [:]
        for item in items {
            if let other = sources.updateValue(item, forKey: KeyBytes(item.key)) {
                throw StepError(
                    .input,
                    "\(other.name) and \(item.name) would both become the object '\(item.key)'; copy them apart"
                )
            }
        }
        let large = items.filter { $0.size > S3Client.objectBytesLimit }
        if let first = large.first {
            let others = large.count > 1 ? " (and \(large.count - 1) more)" : ""
            throw StepError(
                .input,
                "\(first.name)\(others) has \(first.size) bytes: S3 copies at most 5 GiB at once, and HealthImaging imports "
                    + "files of up to 4 GB; nothing was copied")
        }
        return self
    }

    /// A prefix as a folder: with a slash at its end, unless it is empty.
    static func folder(_ prefix: String) -> String {
        prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/"
    }
}
