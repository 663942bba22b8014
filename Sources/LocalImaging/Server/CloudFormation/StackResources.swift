import Crypto
import Foundation
import FrameEngine

/// The types of resources that stacks can have here.
enum ResourceKind: String, CaseIterable {
    case datastore = "AWS::HealthImaging::Datastore"
    case bucket = "AWS::S3::Bucket"
    case bucketPolicy = "AWS::S3::BucketPolicy"
    case role = "AWS::IAM::Role"

    /// The properties that AWS knows; those that mean nothing on one machine are accepted and do nothing.
    var properties: Set<String> {
        switch self {
        case .datastore: ["DatastoreName", "KmsKeyArn", "Tags"]
        case .bucketPolicy: ["Bucket", "PolicyDocument"]
        case .role:
            [
                "AssumeRolePolicyDocument", "Description", "ManagedPolicyArns", "MaxSessionDuration", "Path",
                "PermissionsBoundary", "Policies", "RoleName", "Tags",
            ]
        case .bucket:
            [
                "AbacStatus", "AccelerateConfiguration", "AccessControl", "AnalyticsConfigurations",
                "BucketEncryption", "BucketName", "CorsConfiguration", "IntelligentTieringConfigurations",
                "InventoryConfigurations", "LifecycleConfiguration", "LoggingConfiguration",
                "MetricsConfigurations", "NotificationConfiguration", "OwnershipControls",
                "PublicAccessBlockConfiguration", "Tags", "VersioningConfiguration",
            ]
        }
    }
}

/// Makes and deletes the resources of stacks. Each can be made again after a kill: who owns it already finds it.
struct StackResources: Sendable {
    /// Why a resource could not be made or deleted; the words of an event.
    struct Failure: Error, Hashable {
        let reason: String

        init(_ reason: String) { self.reason = reason }

        init(service: String, status: Int, _ reason: String, code: String) {
            self.reason =
                "Resource handler returned message: \"\(reason) (Service: \(service), Status Code: \(status))\" "
                + "(HandlerErrorCode: \(code))"
        }
    }

    struct Made {
        let physicalID: String
        var attributes: [String: String] = [:]
    }

    let store: ImageSetStore
    let buckets: AllBuckets
    let roles: RoleStore
    let region: String
    let accountID: String

    /// - Parameter properties: without functions.
    func make(
        _ kind: ResourceKind, _ logicalID: String, of stack: StackRecord,
        _ properties: [String: TemplateValue]
    ) throws(Failure) -> Made {
        let strange = Set(properties.keys).subtracting(kind.properties)
        guard strange.isEmpty else {
            throw Failure("Encountered unsupported property \(strange.sorted().joined(separator: ", "))")
        }
        switch kind {
        case .datastore: return try makeDatastore(logicalID, of: stack, properties)
        case .bucket: return try makeBucket(logicalID, of: stack, properties)
        case .bucketPolicy: return try makeBucketPolicy(properties)
        case .role: return try makeRole(logicalID, of: stack, properties)
        }
    }

    /// What is gone already is no error.
    func delete(_ kind: ResourceKind, _ physicalID: String) throws(Failure) {
        switch kind {
        case .datastore:
            guard let id = HealthImagingID(physicalID) else { return }
            do throws(StoreError) {
                try store.deleteDatastore(id)
            } catch .notFound {
                return
            } catch .conflict(let reason) {
                throw Failure(
                    service: "MedicalImaging", status: 409, reason, code: "ResourceConflict")
            } catch {
                throw Failure(error.message)
            }
        case .bucket:
            do throws(BucketError) {
                try buckets.own.deleteBucket(physicalID)
            } catch .noSuchBucket {
                return
            } catch .bucketNotEmpty {
                throw Failure(
                    service: "S3", status: 409, "The bucket you tried to delete is not empty",
                    code: "GeneralServiceException")
            } catch {
                throw Failure(error.message)
            }
        case .bucketPolicy: return
        case .role:
            do throws(StoreError) { try roles.delete(physicalID) } catch { throw Failure(error.message) }
        }
    }

    // MARK: Kinds

    private func makeDatastore(
        _ logicalID: String, of stack: StackRecord, _ properties: [String: TemplateValue]
    ) throws(Failure) -> Made {
        let name = properties["DatastoreName"]?.text ?? Self.name(logicalID, of: stack)
        let isAllowed = name.utf8.allSatisfy { byte in
            let character = Character(Unicode.Scalar(byte))
            return byte < 0x80 && (character.isLetter || character.isNumber || "._/#-".utf8.contains(byte))
        }
        guard isAllowed, (1...256).contains(name.utf8.count) else {
            throw Failure(
                service: "MedicalImaging", status: 400,
                "Value at 'datastoreName' failed to satisfy constraint: 1 to 256 of letters, digits and ._/#-",
                code: "InvalidRequest")
        }
        var tags: [String: String] = [:]
        for (key, value) in properties["Tags"]?.map ?? [:] { tags[key] = value.text ?? "" }
        let written = tags
        do throws(StoreError) {
            let record = try store.createDatastore(
                name: name, clientToken: Self.token(logicalID, of: stack), tags: written,
                kmsKeyARN: properties["KmsKeyArn"]?.text)
            return Made(
                physicalID: record.id.description,
                attributes: [
                    "DatastoreId": record.id.description,
                    "DatastoreArn": "arn:aws:medical-imaging:\(region):\(accountID):datastore/\(record.id)",
                    "DatastoreStatus": "ACTIVE",
                    "CreatedAt": WireDates.iso8601(record.createdAt),
                    "UpdatedAt": WireDates.iso8601(record.updatedAt),
                ])
        } catch {
            throw Failure(
                service: "MedicalImaging", status: 500, error.message, code: "GeneralServiceException")
        }
    }

    private func makeBucket(
        _ logicalID: String, of stack: StackRecord, _ properties: [String: TemplateValue]
    ) throws(Failure) -> Made {
        if properties["VersioningConfiguration"]?.map?["Status"] == .text("Enabled") {
            throw Failure(
                "the local server keeps no versions of objects: VersioningConfiguration cannot be Enabled")
        }
        let name = properties["BucketName"]?.text ?? Self.name(logicalID, of: stack).lowercased()
        var tags: [String: String] = [:]
        for tag in properties["Tags"]?.list ?? [] {
            if let key = tag.map?["Key"]?.text { tags[key] = tag.map?["Value"]?.text ?? "" }
        }
        let written = tags
        do throws(BucketError) {
            guard try !buckets.isReadOnly(name) else { throw .bucketExists(name) }
            try buckets.own.createBucket(
                name, region: region, owner: Self.token(logicalID, of: stack), tags: written)
        } catch .bucketExists {
            throw Failure("\(name) already exists")
        } catch .invalidBucketName {
            throw Failure(
                service: "S3", status: 400, "The specified bucket is not valid.", code: "InvalidRequest")
        } catch {
            throw Failure(service: "S3", status: 500, error.message, code: "GeneralServiceException")
        }
        return Made(
            physicalID: name,
            attributes: [
                "Arn": "arn:aws:s3:::\(name)",
                "DomainName": "\(name).s3.amazonaws.com",
                "RegionalDomainName": "\(name).s3.\(region).amazonaws.com",
                "DualStackDomainName": "\(name).s3.dualstack.\(region).amazonaws.com",
                "WebsiteURL": "http://\(name).s3-website-\(region).amazonaws.com",
            ])
    }

    private func makeBucketPolicy(_ properties: [String: TemplateValue]) throws(Failure) -> Made {
        guard let name = properties["Bucket"]?.text, let policy = properties["PolicyDocument"],
            policy.map?["Statement"] != nil
        else {
            throw Failure(
                "Properties validation failed: Bucket and a PolicyDocument with a Statement are required")
        }
        do throws(BucketError) {
            guard try buckets.own.bucket(name) != nil else { throw .noSuchBucket(name) }
        } catch .noSuchBucket {
            throw Failure(service: "S3", status: 404, "The specified bucket does not exist", code: "NotFound")
        } catch {
            throw Failure(error.message)
        }
        return Made(physicalID: name)
    }

    private func makeRole(
        _ logicalID: String, of stack: StackRecord, _ properties: [String: TemplateValue]
    ) throws(Failure) -> Made {
        guard let policy = properties["AssumeRolePolicyDocument"], policy.map?["Statement"] != nil else {
            throw Failure(
                "Properties validation failed: an AssumeRolePolicyDocument with a Statement is required")
        }
        let name = properties["RoleName"]?.text ?? Self.name(logicalID, of: stack)
        let path = properties["Path"]?.text ?? "/"
        let names = path.split(separator: "/").map(String.init)
        guard path.hasPrefix("/"), path.hasSuffix("/"), path.utf8.count <= 512,
            names.allSatisfy(RoleStore.isValid)
        else {
            throw Failure(
                service: "Iam", status: 400, "The specified value for path is invalid", code: "InvalidRequest"
            )
        }
        do throws(StoreError) {
            let role = try roles.create(
                name, path: path, trustPolicy: policy.json, owner: Self.token(logicalID, of: stack))
            return Made(
                physicalID: name,
                attributes: ["Arn": "arn:aws:iam::\(accountID):role\(path)\(name)", "RoleId": role.id])
        } catch .conflict(let reason) {
            throw Failure(service: "Iam", status: 409, reason, code: "AlreadyExists")
        } catch {
            throw Failure(error.message)
        }
    }

    // MARK: Names

    /// The name of a resource that the template does not name: the same each time that it is asked for.
    static func name(_ logicalID: String, of stack: StackRecord) -> String {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
        let digest = SHA256.hash(data: Data("\(stack.arn) \(logicalID)".utf8))
        let suffix = digest.prefix(12).map { alphabet[Int($0) % alphabet.count] }
        return "\(stack.name.prefix(24))-\(logicalID.prefix(24))-" + String(decoding: suffix, as: UTF8.self)
    }

    /// Whose a resource is: a text of 64 characters at most.
    static func token(_ logicalID: String, of stack: StackRecord) -> String {
        "stack-" + String(ObjectKey.fileName("\(stack.arn) \(logicalID)").prefix(40))
    }
}
