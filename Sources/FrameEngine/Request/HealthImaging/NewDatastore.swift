import Foundation

/// What CreateDatastore is to make. What is nil is left to the service.
public struct NewDatastore: Sendable, Hashable, Encodable {
    /// 1 to 256 characters of `A-Z a-z 0-9 . _ / # -`.
    public var name: String?
    /// The same token again gives the same data store: 1 to 64 characters of `A-Z a-z 0-9 . _ -`.
    public var clientToken: String
    public var tags: [String: String]?
    public var kmsKeyARN: String?
    /// The function that checks bearer tokens of DICOMweb requests; it cannot be given later.
    public var lambdaAuthorizerARN: String?
    public var losslessStorageFormat: LosslessStorageFormat?

    public init(
        name: String? = nil, clientToken: String = UUID().uuidString, tags: [String: String]? = nil,
        kmsKeyARN: String? = nil, lambdaAuthorizerARN: String? = nil,
        losslessStorageFormat: LosslessStorageFormat? = nil
    ) {
        self.name = name
        self.clientToken = clientToken
        self.tags = tags
        self.kmsKeyARN = kmsKeyARN
        self.lambdaAuthorizerARN = lambdaAuthorizerARN
        self.losslessStorageFormat = losslessStorageFormat
    }

    private enum CodingKeys: String, CodingKey {
        case name = "datastoreName"
        case clientToken, tags
        case kmsKeyARN = "kmsKeyArn"
        case lambdaAuthorizerARN = "lambdaAuthorizerArn"
        case losslessStorageFormat
    }
}
