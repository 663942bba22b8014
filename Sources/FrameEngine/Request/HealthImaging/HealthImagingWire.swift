import Foundation

// The JSON of the API's answers. Members may be absent or null; timestamps are seconds, also with an exponent.
enum HealthImagingWire {
    struct Datastore: Decodable {
        let datastoreId: HealthImagingIDText
        let datastoreName: String?
        let datastoreStatus: String?
        let datastoreArn: String?
        let createdAt: Double?
        let updatedAt: Double?

        var summary: DatastoreSummary {
            DatastoreSummary(
                id: datastoreId.id, name: datastoreName ?? "", status: datastoreStatus ?? "",
                arn: datastoreArn, createdAt: createdAt.map(Date.init(timeIntervalSince1970:)),
                updatedAt: updatedAt.map(Date.init(timeIntervalSince1970:)))
        }
    }

    struct DatastoreProperties: Decodable {
        let datastoreProperties: Datastore
    }

    struct DatastorePage: Decodable {
        let datastoreSummaries: [Datastore]
        let nextToken: String?
    }

    struct SearchPage: Decodable {
        let imageSetsMetadataSummaries: [Summary]
        let nextToken: String?
    }

    struct Summary: Decodable {
        let imageSetId: HealthImagingIDText
        let version: Scalar?
        let createdAt: Double?
        let updatedAt: Double?
        let isPrimary: Bool?
        let storageTier: String?
        let tags: [String: Scalar?]?

        private enum CodingKeys: String, CodingKey {
            case imageSetId, version, createdAt, updatedAt, isPrimary, storageTier
            case tags = "DICOMTags"
        }

        var summary: ImageSetSummary {
            ImageSetSummary(
                imageSetID: imageSetId.id, version: version.flatMap { Int($0.text) },
                createdAt: createdAt.map(Date.init(timeIntervalSince1970:)),
                updatedAt: updatedAt.map(Date.init(timeIntervalSince1970:)), isPrimary: isPrimary,
                storageTier: storageTier,
                tags: (tags ?? [:]).compactMapValues { $0?.text }.filter { !$0.value.isEmpty })
        }
    }

    struct ImageSet: Decodable {
        let datastoreId: HealthImagingIDText
        let imageSetId: HealthImagingIDText
        let versionId: Scalar
        let imageSetState: String?
        let imageSetWorkflowStatus: String?
        let createdAt: Double?
        let updatedAt: Double?
        let deletedAt: Double?
        let message: String?
        let imageSetArn: String?
        let isPrimary: Bool?
        let storageTier: String?

        var properties: ImageSetProperties {
            ImageSetProperties(
                datastoreID: datastoreId.id, imageSetID: imageSetId.id, versionID: versionId.text,
                state: imageSetState ?? "", workflowStatus: imageSetWorkflowStatus,
                createdAt: createdAt.map(Date.init(timeIntervalSince1970:)),
                updatedAt: updatedAt.map(Date.init(timeIntervalSince1970:)),
                deletedAt: deletedAt.map(Date.init(timeIntervalSince1970:)), message: message,
                arn: imageSetArn, isPrimary: isPrimary, storageTier: storageTier)
        }
    }

    /// A checked id.
    struct HealthImagingIDText: Decodable {
        let id: HealthImagingID

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            guard let id = HealthImagingID(try container.decode(String.self)) else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "not an id of 32 characters 0-9 a-z")
            }
            self.id = id
        }
    }

    /// A string or a number, as text: the API gives some values in either form. Empty for anything else.
    struct Scalar: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let string = try? container.decode(String.self) {
                text = string
            } else if let integer = try? container.decode(Int.self) {
                text = String(integer)
            } else if let number = try? container.decode(Double.self) {
                text = String(number)
            } else {
                text = ""
            }
        }
    }
}
