import FrameEngine
import ImagingWorkflow
import Synchronization

/// Steps that keep a world of their own in memory, write down what was asked of them, and fail where they are told to.
final class ScriptedSteps: JourneySteps {
    static let datastore = HealthImagingID("12345678901234567890123456789012")
    static let role = "arn:aws:iam::123456789012:role/import"

    struct World {
        var calls: [String] = []
        /// The step that fails next, and with what.
        var failing: [String: any Error] = [:]
        /// Stacks by name, with the token of whoever made them.
        var stacks: [String: String] = [:]
        var failedFiles = 0
        var imageSets: [ImportedImageSet]
        var sourceObjects = 2
        /// Tokens of import jobs, by id.
        var jobs: [String: String] = [:]
    }

    private let world: Mutex<World>

    init() throws {
        let ids = try ["a", "b"].map { letter in
            try unwrap(HealthImagingID(String(repeating: letter, count: 32)))
        }
        world = Mutex(
            World(imageSets: ids.map { ImportedImageSet(id: $0, version: 1, isPrimary: true, instances: 1) }))
    }

    var calls: [String] { world.withLock { $0.calls } }

    func change(_ body: @Sendable (inout World) -> Void) { world.withLock { body(&$0) } }

    /// Notes the call, and fails if the script says so: once.
    private func enter(_ call: String, _ detail: String = "") throws {
        let failure = world.withLock { world in
            world.calls.append(detail.isEmpty ? call : "\(call) \(detail)")
            return world.failing.removeValue(forKey: call)
        }
        if let failure { throw failure }
    }

    func account() async throws -> String {
        try enter("account")
        return "123456789012"
    }

    func requestStack(_ stack: JourneyStack, account: String) async throws -> String {
        try enter("requestStack", "\(stack.name) \(stack.datastoreName)")
        let other = world.withLock { world in
            if world.stacks[stack.name] == nil { world.stacks[stack.name] = stack.token }
            return world.stacks[stack.name] != stack.token
        }
        if other {
            throw ServiceError(
                operation: "CreateStack", status: 400, awsCode: "AlreadyExistsException",
                message: "Stack [\(stack.name)] already exists", kind: .client)
        }
        return "arn:aws:cloudformation:us-east-1:123456789012:stack/\(stack.name)/1"
    }

    func awaitStack(_ stack: JourneyStack, progress: @escaping JourneyObserver) async throws
        -> JourneyResources
    {
        progress(.stack("CREATE_IN_PROGRESS"))
        try enter("awaitStack", stack.name)
        return try Self.resources()
    }

    static func resources() throws -> JourneyResources {
        JourneyResources(
            datastoreID: try unwrap(datastore), inputBucket: "in-bucket", outputBucket: "out-bucket",
            roleARN: role)
    }

    func check(_ resources: JourneyResources) async throws {
        try enter("check", "\(resources.inputBucket) \(resources.outputBucket)")
    }

    func copy(
        _ source: JourneySource, to destination: S3Location, progress: @escaping JourneyObserver
    ) async throws -> JourneyState.Copied {
        try enter("copy", "\(source.title) \(destination.bucket)")
        return JourneyState.Copied(objects: world.withLock { $0.sourceObjects }, bytes: 1_000)
    }

    func startImport(
        _ resources: JourneyResources, input: S3Location, output: S3Location, token: String, isRoleNew: Bool,
        progress: @escaping JourneyObserver
    ) async throws -> String {
        try enter("startImport")
        return world.withLock { world in
            if let same = world.jobs.first(where: { $0.value == token }) { return same.key }
            let id = "job\(world.jobs.count + 1)"
            world.jobs[id] = token
            return id
        }
    }

    func followImport(
        _ jobID: String, in datastoreID: HealthImagingID, progress: @escaping JourneyObserver
    ) async throws -> S3Location {
        try enter("followImport", jobID)
        return S3Location(bucket: "out-bucket", prefix: "output/\(datastoreID)-DicomImport-\(jobID)/")
    }

    func readOutput(
        of job: S3Location, progress: @escaping JourneyObserver
    ) async throws -> (summary: ImportSummary, imageSets: [ImportedImageSet]) {
        try enter("readOutput")
        return world.withLock { world in
            var summary = ImportSummary()
            summary.scanned = 2
            summary.failedByInput = world.failedFiles
            summary.imported = 2 - world.failedFiles
            return (summary, world.imageSets)
        }
    }

    func describe(
        _ imageSet: ImportedImageSet, in datastoreID: HealthImagingID, savingTo path: String
    ) async throws -> ImageSetDescription {
        try enter("describe", path)
        return ImageSetDescription(imageSetID: imageSet.id, path: path, bytes: 10, frames: [])
    }

    func fetchFrames(
        metadataFiles: [String], into folder: String, progress: @escaping JourneyObserver
    ) async throws -> JourneyFrames {
        try enter("fetchFrames", folder)
        return JourneyFrames(planned: 2, verified: 2, folder: folder)
    }

    func deleteImageSets(
        _ ids: [HealthImagingID]?, in datastoreID: HealthImagingID, progress: @escaping JourneyObserver
    ) async throws -> Int {
        try enter(
            "deleteImageSets", ids.map { $0.map { String($0.description.prefix(1)) }.joined() } ?? "all")
        return ids?.count ?? 2
    }

    func deleteObjects(below location: S3Location, progress: @escaping JourneyObserver) async throws -> Int {
        let prefix = location.prefix.isEmpty ? "all" : String(location.prefix.prefix { $0 != "/" })
        try enter("deleteObjects", "\(location.bucket) \(prefix)")
        return 2
    }

    func deleteStack(_ stack: JourneyStack, progress: @escaping JourneyObserver) async throws {
        try enter("deleteStack", stack.name)
        world.withLock { world in
            if world.stacks[stack.name] == stack.token { world.stacks[stack.name] = nil }
        }
    }
}

/// A person who answers what is written down, and writes down what is told.
final class ScriptedDialogue: JourneyDialogue {
    private let script: Mutex<(answers: [String], told: [String], questions: [JourneyQuestion])>

    init(_ answers: [String] = []) { script = Mutex((answers, [], [])) }

    var questions: [JourneyQuestion] { script.withLock { $0.questions } }
    var told: [String] { script.withLock { $0.told } }

    func tell(_ event: JourneyEvent) {
        if case .progress = event { return }
        let name = String(describing: event).prefix { $0 != "(" }
        script.withLock { $0.told.append(String(name)) }
    }

    func ask(_ question: JourneyQuestion) async throws -> String {
        try script.withLock { script in
            script.questions.append(question)
            guard !script.answers.isEmpty else { throw JourneyError(.noAnswer, "the script is over") }
            return script.answers.removeFirst()
        }
    }
}

/// Keeps every state that was saved.
final class RememberedStates: JourneyStore {
    private let states = Mutex<[JourneyState]>([])

    var all: [JourneyState] { states.withLock { $0 } }
    var last: JourneyState? { all.last }

    func save(_ state: JourneyState) { states.withLock { $0.append(state) } }
}

/// Unwraps outside of a test's own body.
func unwrap<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw MissingValue() }
    return value
}

private struct MissingValue: Error {}
