/// Where the DICOM files of a journey come from.
package enum JourneySource: Codable, Hashable, Sendable {
    /// One of the public studies, by its place in `IDCStudy.all`, from 0.
    case study(Int)
    /// Every object of a bucket below a prefix.
    case bucket(name: String, prefix: String)
    /// Files and folders of this machine.
    case files([String])

    /// The bucket and the prefix of what is copied within S3; nil for local files.
    package var bucketAndPrefix: (bucket: String, prefix: String)? {
        switch self {
        case .study(let index):
            IDCStudy.all.indices.contains(index)
                ? (IDCStudy.bucket, "\(IDCStudy.all[index].folder)/") : nil
        case .bucket(let name, let prefix): (name, prefix)
        case .files: nil
        }
    }

    /// As a person calls it.
    package var title: String {
        switch self {
        case .study(let index):
            IDCStudy.all.indices.contains(index) ? IDCStudy.all[index].title : "study \(index + 1)"
        case .bucket(let name, let prefix): "s3://\(name)/\(prefix)"
        case .files(let paths): paths.joined(separator: ", ")
        }
    }
}
