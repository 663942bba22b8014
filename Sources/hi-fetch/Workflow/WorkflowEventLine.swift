import FrameEngine
import ImagingWorkflow

/// One event of the guided workflow as a line of JSON; members without a meaning for an event are left out.
struct WorkflowEventLine: Encodable {
    let event: String
    var runId: String?
    var phase: String?
    var region: String?
    var stackName: String?
    var stackId: String?
    var datastoreName: String?
    var datastoreId: String?
    var inputBucket: String?
    var outputBucket: String?
    var roleArn: String?
    var source: String?
    var destination: String?
    var objects: Int?
    var bytes: Int?
    var jobId: String?
    var jobOutput: String?
    var importCounts: ImportCounts?
    var imageSetId: String?
    var version: Int?
    var isPrimary: Bool?
    var instances: Int?
    var path: String?
    var imageSets: Int?
    var frames: JourneyFrames?
    var frame: Frame?
    var error: String?
    var exitStatus: Int32?

    enum CodingKeys: String, CodingKey {
        case event, runId, phase, region, stackName, stackId, datastoreName, datastoreId, inputBucket,
            outputBucket
        case roleArn, source, destination, objects, bytes, jobId, jobOutput, imageSetId, version, isPrimary,
            instances
        case path, imageSets, frames, frame, error, exitStatus
        case importCounts = "import"
    }

    /// One frame of the metadata.
    struct Frame: Encodable {
        let imageFrameId: String
        let sopInstanceUID: String
        let frameNumber: Int
        let rescaleSlope: String?
        let rescaleIntercept: String?
        let minPixelValue: Int?
        let maxPixelValue: Int?
        let fullResolutionChecksum: UInt32?

        init(_ frame: FrameDescription) {
            imageFrameId = frame.imageFrameID.description
            sopInstanceUID = frame.sopInstanceUID
            frameNumber = frame.frameNumber
            rescaleSlope = frame.rescaleSlope
            rescaleIntercept = frame.rescaleIntercept
            minPixelValue = frame.minimum
            maxPixelValue = frame.maximum
            fullResolutionChecksum = frame.checksum?.crc32
        }
    }

    init(_ event: String) { self.event = event }

    /// Nothing for what is only explained, and for progress.
    static func lines(of event: JourneyEvent) -> [WorkflowEventLine] {
        switch event {
        case .explain, .notUnderstood, .progress: return []
        case .imageSets(let imageSets): return imageSets.map(line(for:))
        case .described(let description): return lines(of: description)
        default: return [line(for: event)]
        }
    }

    private static func line(for event: JourneyEvent) -> WorkflowEventLine {
        switch event {
        case .began(let state, let resumed):
            return WorkflowEventLine(resumed ? "resumed" : "began", of: state)
        case .kept(let state): return WorkflowEventLine("kept", of: state)
        case .finished(let state): return WorkflowEventLine("finished", of: state)
        case .deletedStack(let name):
            var line = WorkflowEventLine("deleted-stack")
            line.stackName = name
            return line
        case .creatingStack(let stack): return WorkflowEventLine("creating-stack").with(stack)
        case .resources(let resources, let stack):
            return WorkflowEventLine("resources").with(resources).with(stack)
        case .chosen(let source):
            var line = WorkflowEventLine("chosen")
            line.source = source.title
            return line
        case .copied(let copied, let destination):
            var line = WorkflowEventLine("copied")
            (line.objects, line.bytes, line.destination) = (
                copied.objects, copied.bytes, destination.description
            )
            return line
        case .importStarted(let jobID, let output):
            var line = WorkflowEventLine("import-started")
            (line.jobId, line.jobOutput) = (jobID, output)
            return line
        case .imported(let summary, let output):
            var line = WorkflowEventLine("imported")
            (line.importCounts, line.jobOutput) = (ImportCounts(summary), output)
            return line
        case .fetched(let frames):
            var line = WorkflowEventLine("fetched")
            line.frames = frames
            return line
        case .keptImageSets(let count): return WorkflowEventLine("kept-image-sets", imageSets: count)
        case .deletedImageSets(let count): return WorkflowEventLine("deleted-image-sets", imageSets: count)
        case .deletedObjects(let count):
            var line = WorkflowEventLine("deleted-objects")
            line.objects = count
            return line
        case .explain, .notUnderstood, .progress, .imageSets, .described: return WorkflowEventLine("other")
        }
    }

    private static func line(for imageSet: ImportedImageSet) -> WorkflowEventLine {
        var line = WorkflowEventLine("image-set")
        line.imageSetId = imageSet.id.description
        (line.version, line.isPrimary, line.instances) = (
            imageSet.version, imageSet.isPrimary, imageSet.instances
        )
        return line
    }

    private static func lines(of description: ImageSetDescription) -> [WorkflowEventLine] {
        var first = WorkflowEventLine("metadata")
        first.imageSetId = description.imageSetID.description
        (first.path, first.bytes) = (description.path, description.bytes)
        return [first]
            + description.frames.map { frame in
                var line = WorkflowEventLine("frame")
                line.imageSetId = description.imageSetID.description
                line.frame = Frame(frame)
                return line
            }
    }

    /// A run that ended early: what it has done so far, and why.
    static func broken(_ state: JourneyState, failure: CommandFailure) -> WorkflowEventLine {
        var line = WorkflowEventLine("broken", of: state)
        (line.error, line.exitStatus) = (failure.message, failure.status.rawValue)
        return line
    }

    private init(_ event: String, imageSets: Int) {
        self.event = event
        self.imageSets = imageSets
    }

    private init(_ event: String, of state: JourneyState) {
        var line = WorkflowEventLine(event)
        (line.runId, line.phase, line.region) = (state.runID, state.phase.rawValue, state.region)
        if let resources = state.resources { line = line.with(resources) }
        line.jobId = state.jobID
        self = line.with(state.stack)
    }

    private func with(_ stack: JourneyStack?) -> WorkflowEventLine {
        var line = self
        (line.stackName, line.stackId, line.datastoreName) = (stack?.name, stack?.id, stack?.datastoreName)
        return line
    }

    private func with(_ resources: JourneyResources) -> WorkflowEventLine {
        var line = self
        line.datastoreId = resources.datastoreID.description
        (line.inputBucket, line.outputBucket) = (resources.inputBucket, resources.outputBucket)
        line.roleArn = resources.roleARN
        return line
    }
}
