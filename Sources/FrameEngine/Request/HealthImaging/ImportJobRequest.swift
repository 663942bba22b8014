import Foundation

/// What StartDICOMImportJob is to import.
public struct ImportJobRequest: Sendable, Hashable, Encodable {
    /// 1 to 64 characters of `A-Z a-z 0-9 . _ / # -`; nil for none.
    public var name: String?
    /// The role that the job assumes to read the input and write the output.
    public var dataAccessRoleARN: String
    /// The same token again gives the same job: 1 to 64 characters of `A-Z a-z 0-9 . _ -`.
    public var clientToken: String
    /// `s3://bucket/prefix/`: every file below it is imported.
    public var inputS3URI: String
    /// `s3://bucket/prefix/`: the job makes a folder of its own below it.
    public var outputS3URI: String
    /// Twelve digits: the account of the input's bucket, where that is not the caller's.
    public var inputOwnerAccountID: String?
    /// Files with DICOM JSON whose attributes take the place of the imported ones; nil for none.
    public var metadataMappings: [MetadataMapping]?

    public init(
        name: String? = nil, dataAccessRoleARN: String, clientToken: String = UUID().uuidString,
        inputS3URI: String, outputS3URI: String, inputOwnerAccountID: String? = nil,
        metadataMappings: [MetadataMapping]? = nil
    ) {
        self.name = name
        self.dataAccessRoleARN = dataAccessRoleARN
        self.clientToken = clientToken
        self.inputS3URI = inputS3URI
        self.outputS3URI = outputS3URI
        self.inputOwnerAccountID = inputOwnerAccountID
        self.metadataMappings = metadataMappings
    }

    private enum CodingKeys: String, CodingKey {
        case name = "jobName"
        case dataAccessRoleARN = "dataAccessRoleArn"
        case clientToken
        case inputS3URI = "inputS3Uri"
        case outputS3URI = "outputS3Uri"
        case inputOwnerAccountID = "inputOwnerAccountId"
        case configuration = "importConfiguration"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(name, forKey: .name)
        try container.encode(dataAccessRoleARN, forKey: .dataAccessRoleARN)
        try container.encode(clientToken, forKey: .clientToken)
        try container.encode(inputS3URI, forKey: .inputS3URI)
        try container.encode(outputS3URI, forKey: .outputS3URI)
        try container.encodeIfPresent(inputOwnerAccountID, forKey: .inputOwnerAccountID)
        let configuration = metadataMappings.map(ImportConfiguration.init(mappings:))
        try container.encodeIfPresent(configuration, forKey: .configuration)
    }
}
