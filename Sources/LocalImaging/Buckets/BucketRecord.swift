import Foundation

/// A bucket, as the store keeps it.
package struct BucketRecord: Hashable, Sendable {
    package let name: String
    package let createdAt: Date
    /// The region that it was made for; nil where none was named.
    package var region: String?
    /// Who made it on behalf of somebody, e.g. a stack's resource; nil for a bucket made by hand.
    package var owner: String?
    package var tags: [String: String]

    package init(
        name: String, createdAt: Date, region: String? = nil, owner: String? = nil,
        tags: [String: String] = [:]
    ) {
        self.name = name
        self.createdAt = createdAt
        self.region = region
        self.owner = owner
        self.tags = tags
    }

    /// The time in whole milliseconds, which stay the same through a file and an answer.
    static func now() -> Date {
        Date(timeIntervalSince1970: (Date.now.timeIntervalSince1970 * 1000).rounded(.down) / 1000)
    }
}

/// `bucket.json`.
struct BucketFile: Codable {
    var name: String
    var createdAt: Double
    var region: String?
    var owner: String?
    var tags: [String: String]

    init(_ record: BucketRecord) {
        name = record.name
        createdAt = record.createdAt.timeIntervalSince1970
        region = record.region
        owner = record.owner
        tags = record.tags
    }

    var record: BucketRecord {
        BucketRecord(
            name: name, createdAt: Date(timeIntervalSince1970: createdAt), region: region, owner: owner,
            tags: tags)
    }
}
