import FrameEngine
import ImagingWorkflow

/// What the guided workflow says, in lines for a person.
enum WorkflowText {
    /// Frames that are listed of an image set; the rest is in its metadata file.
    private static let framesListed = 200

    static func lines(of event: JourneyEvent) -> [String] {
        switch event {
        case .began(let state, let resumed): return resumed ? goingOn(state) : banner
        case .explain(let topic): return [""] + explanation(topic)
        case .creatingStack(let stack):
            return [
                "Creating stack \(stack.name) with data store \(stack.datastoreName); on AWS this takes some minutes."
            ]
        case .resources(let resources, let stack): return resourceLines(resources, stack)
        case .chosen(let source): return ["To import: \(Console.oneLine(source.title))"]
        case .copied(let copied, let destination):
            return [
                "\(Formatting.count(copied.objects, of: "DICOM file")) copied, \(Formatting.bytes(copied.bytes)): "
                    + "\(destination)"
            ]
        case .importStarted(let jobID, let output):
            return ["Import job started.", "  Job ID: \(jobID)", "  Output below: \(output)"]
        case .imported(let summary, let output):
            return ["The import job is complete.", "  Its output: \(output)"]
                + ImportText.summaryLines(summary)
        case .imageSets(let imageSets): return ImportText.imageSetLines(imageSets)
        case .described(let description): return descriptionLines(description)
        case .fetched(let frames): return frameLines(frames)
        case .keptImageSets(let count):
            return ["\(Formatting.count(count, of: "image set")) held instances before this run and stay."]
        case .deletedImageSets(let count): return ["\(Formatting.count(count, of: "image set")) deleted."]
        case .deletedObjects(let count):
            return [
                "\(Formatting.count(count, of: "object")) deleted from the buckets, every version counted."
            ]
        case .deletedStack(let name):
            return ["Stack \(name) deleted, and with it data store, buckets and role."]
        case .kept(let state): return ["Everything stays where it is:"] + leftovers(state)
        case .finished: return ["", rule, "This is the end of the workflow.", rule]
        case .notUnderstood, .progress: return []
        }
    }

    static let rule = String(repeating: "*", count: 80)

    private static let banner = [
        rule, "  hi-fetch: from DICOM files to verified image frames, with AWS HealthImaging", rule,
    ]

    private static func goingOn(_ state: JourneyState) -> [String] {
        [rule, "  hi-fetch: run \(state.runID) goes on; done so far: \(state.phase.rawValue)", rule]
    }

    private static func resourceLines(_ resources: JourneyResources, _ stack: JourneyStack?) -> [String] {
        [stack.map { "The resources of stack \($0.name):" } ?? "The resources:"] + [
            "  Data store ID: \(resources.datastoreID)",
            "  Input bucket: \(resources.inputBucket)",
            "  Output bucket: \(resources.outputBucket)",
            "  Role of the import job: \(Console.oneLine(resources.roleARN))",
        ]
    }

    private static func descriptionLines(_ description: ImageSetDescription) -> [String] {
        var lines = [
            "Image set \(description.imageSetID): \(Formatting.count(description.frames.count, of: "frame")), "
                + "metadata in \(description.path) (\(Formatting.bytes(description.bytes)))"
        ]
        for frame in description.frames.prefix(framesListed) {
            lines.append("  \(line(for: frame))")
        }
        let more = description.frames.count - framesListed
        if more > 0 { lines.append("  \(Formatting.count(more, of: "more frame")): see the metadata") }
        return lines
    }

    private static func line(for frame: FrameDescription) -> String {
        let range = "\(frame.minimum.map(String.init) ?? "?")...\(frame.maximum.map(String.init) ?? "?")"
        let slope = Console.oneLine(frame.rescaleSlope ?? "none")
        let intercept = Console.oneLine(frame.rescaleIntercept ?? "none")
        let checksum =
            frame.checksum.map { "checksum \($0.crc32) (\($0.width)x\($0.height))" } ?? "no checksum"
        return
            "Frame \(frame.imageFrameID): slope \(slope), intercept \(intercept), values \(range), \(checksum)"
    }

    private static func frameLines(_ frames: JourneyFrames) -> [String] {
        var counts = ["\(Formatting.count(frames.verified)) verified"]
        for (count, name) in [
            (frames.resumed, "verified before"), (frames.unverifiable, "without a checksum"),
            (frames.mismatched, "with a wrong checksum"), (frames.failed, "failed"),
        ] where count > 0 {
            counts.append("\(Formatting.count(count)) \(name)")
        }
        return [
            "\(Formatting.count(frames.planned, of: "frame")): \(counts.joined(separator: ", "))",
            "  \(Formatting.bytes(frames.encodedBytes)) received, \(Formatting.bytes(frames.decodedBytes)) decoded, "
                + "\(Formatting.decimal(frames.seconds)) s",
            "  The frames are in \(frames.folder); 'hi-fetch verify \(ShellWord.quoted(frames.folder))' checks them "
                + "again at any time.",
        ]
    }
}
