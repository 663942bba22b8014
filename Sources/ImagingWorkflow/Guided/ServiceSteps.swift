import Foundation
import FrameEngine

/// The steps of the guided workflow as they are done with the services themselves.
package struct ServiceSteps: JourneySteps {
    private let imaging: HealthImagingClient
    private let s3: S3Client
    private let sts: STSClient
    private let stacks: StackStep
    private let settings: AWSSettings
    private let deleteStep: DeleteStep

    /// - Parameter transport: for everything but frames, which get one of their own.
    package init(transport: any HTTPTransport, settings: AWSSettings) {
        let isCustom = settings.endpoint(for: .healthImaging).isCustom
        self.settings = settings
        imaging = HealthImagingClient(transport: transport, settings: settings)
        s3 = S3Client(transport: transport, settings: settings)
        sts = STSClient(transport: transport, settings: settings)
        stacks = StackStep(
            cloudFormation: CloudFormationClient(transport: transport, settings: settings), s3: s3,
            wait: isCustom
                ? WaitPolicy(interval: .milliseconds(200), longestInterval: .seconds(2)) : WaitPolicy())
        deleteStep = DeleteStep(service: imaging, pacer: imaging.makeDeletePacer())
    }

    package func account() async throws -> String { try await sts.callerIdentity().account }

    package func requestStack(_ stack: JourneyStack, account: String) async throws -> String {
        try await stacks.request(
            StackStep.Wanted(
                name: stack.name, datastoreName: stack.datastoreName, accountID: account, token: stack.token))
    }

    package func awaitStack(_ stack: JourneyStack, progress: @escaping JourneyObserver) async throws
        -> JourneyResources
    {
        let outputs = try await stacks.awaitCreation(stack.id ?? stack.name, name: stack.name) { report in
            if let line = Self.line(for: report) { progress(.stack(line)) }
        }.outputs
        func unusable(_ output: String) -> StepError {
            StepError(.service, "stack '\(stack.name)': its output \(output) is not what it should be")
        }
        guard let datastoreID = HealthImagingID(outputs.datastoreID) else { throw unusable("DatastoreID") }
        guard outputs.buckets.allSatisfy(ResourceNames.isBucketName) else {
            throw unusable("InputBucketName")
        }
        guard ResourceNames.isRoleARN(outputs.roleARN) else { throw unusable("RoleArn") }
        return JourneyResources(
            datastoreID: datastoreID, inputBucket: outputs.inputBucket, outputBucket: outputs.outputBucket,
            roleARN: outputs.roleARN)
    }

    package func check(_ resources: JourneyResources) async throws {
        let datastore = try await imaging.datastore(resources.datastoreID)
        guard datastore.status == .active else {
            throw StepError(
                .notFound,
                "data store \(resources.datastoreID) is \(datastore.status), not ACTIVE; nothing can be imported"
            )
        }
        for bucket in resources.buckets {
            // One page tells whether it is there and may be listed.
            for try await _ in s3.objects(in: bucket, prefix: "hi-fetch-check/") { break }
        }
    }

    package func copy(
        _ source: JourneySource, to destination: S3Location, progress: @escaping JourneyObserver
    ) async throws -> JourneyState.Copied {
        let from: CopySource
        if let (bucket, prefix) = source.bucketAndPrefix {
            from = .bucket(name: bucket, prefix: prefix)
        } else if case .files(let paths) = source {
            from = .files(paths)
        } else {
            throw StepError(.usage, "\(source.title) is not among the studies")
        }
        let bytes = Latest(0)
        let result: CopyResult
        do {
            result = try await CopyStep(s3: s3).copy(from, to: destination.bucket, prefix: destination.prefix)
            {
                bytes.set($0.totalBytes)
                progress(.objects(done: $0.done, total: $0.total))
            }
        } catch let error as ServiceError where error.awsCode == "NoSuchBucket" {
            // S3 does not say which one; the step itself names the bucket to copy to.
            throw StepError(.notFound, "there is no bucket to copy from: \(source.title); \(error.message)")
        }
        if let first = result.failures.first {
            throw StepError(
                .service,
                "\(result.failures.count) of \(result.failures.count + result.copied + result.skipped) files were not "
                    + "copied; the first: \(first.text)")
        }
        return JourneyState.Copied(objects: result.copied + result.skipped, bytes: bytes.value)
    }

    package func startImport(
        _ resources: JourneyResources, input: S3Location, output: S3Location, token: String, isRoleNew: Bool,
        progress: @escaping JourneyObserver
    ) async throws -> String {
        let order = ImportOrder(
            datastoreID: resources.datastoreID, roleARN: resources.roleARN, input: input, output: output,
            jobName: token, token: token)
        return try await ImportStep(service: imaging).start(order, isRoleNew: isRoleNew) { status, elapsed in
            progress(.importJob(status: status, elapsed: elapsed))
        }
    }

    package func followImport(
        _ jobID: String, in datastoreID: HealthImagingID, progress: @escaping JourneyObserver
    ) async throws -> S3Location {
        try await ImportStep(service: imaging).follow(jobID, in: datastoreID) { status, elapsed in
            progress(.importJob(status: status, elapsed: elapsed))
        }
    }

    package func readOutput(
        of job: S3Location, progress: @escaping JourneyObserver
    ) async throws -> (summary: ImportSummary, imageSets: [ImportedImageSet]) {
        let output = try await ManifestStep(reader: s3).read(job) { progress(.manifest(attempt: $0)) }
        return (output.summary, output.imageSets)
    }

    package func describe(
        _ imageSet: ImportedImageSet, in datastoreID: HealthImagingID, savingTo path: String
    ) async throws -> ImageSetDescription {
        try OutputDirectory.makeDirectories((path as NSString).deletingLastPathComponent)
        return try await MetadataStep(client: imaging).describe(imageSet.id, in: datastoreID, savingTo: path)
    }

    package func fetchFrames(
        metadataFiles: [String], into folder: String, progress: @escaping JourneyObserver
    ) async throws -> JourneyFrames {
        try await FetchStep(settings: settings).fetch(metadataFiles: metadataFiles, into: folder) {
            counts, elapsed in
            progress(.frames(counts, elapsed: elapsed))
        }
    }

    package func deleteImageSets(
        _ ids: [HealthImagingID]?, in datastoreID: HealthImagingID, progress: @escaping JourneyObserver
    ) async throws -> Int {
        let report: DeleteStep.Progress = { progress(.imageSetsDeleted(done: $0, total: $1, left: $2)) }
        if let ids { return try await deleteStep.delete(ids, in: datastoreID, progress: report) }
        do {
            return try await deleteStep.deleteAll(in: datastoreID, progress: report)
        } catch let error as ServiceError where error.kind == .notFound {
            // The data store is gone, and with it everything in it.
            return 0
        }
    }

    package func deleteObjects(below location: S3Location, progress: @escaping JourneyObserver) async throws
        -> Int
    {
        try await EmptyBucketStep(s3: s3).empty(location.bucket, prefix: location.prefix) {
            progress(.objectsDeleted($0))
        }
    }

    package func deleteStack(_ stack: JourneyStack, progress: @escaping JourneyObserver) async throws {
        let found: String?
        if let id = stack.id {
            found = id
        } else {
            found = try await stacks.find(stack.name, madeWith: stack.token)?.id
        }
        guard let found else { return }
        _ = try await stacks.delete(found) { report in
            if let line = Self.line(for: report) { progress(.stack(line)) }
        }
    }

    private static func line(for report: StackStep.Progress) -> String? {
        switch report {
        case .event(let event): "\(event.logicalID) \(event.status)"
        case .status(let status): status
        case .emptied(let bucket, let deleted): "\(deleted) objects of bucket \(bucket) deleted"
        }
    }
}
