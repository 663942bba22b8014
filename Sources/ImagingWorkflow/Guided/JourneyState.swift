import Foundation
import FrameEngine

/// All that a journey has done so far, as its state file keeps it. It holds no secret.
package struct JourneyState: Codable, Hashable, Sendable {
    /// Names the layout of the file; another number is not read.
    package static let currentFormat = 1

    /// How far a journey has come: each is recorded when it is done.
    package enum Phase: String, Codable, CaseIterable, Comparable, Sendable {
        case started
        /// The resources are there.
        case prepared
        /// It is known what to import.
        case chosen
        /// The DICOM files are in the input bucket.
        case copied
        /// The import job was accepted.
        case importing
        /// The import job has ended, and its files have been read.
        case imported
        /// The metadata of every image set is on disk.
        case described
        /// Every frame was fetched, or failed.
        case fetched
        /// What was to be deleted is deleted; nothing is left to do.
        case finished

        package static func < (first: Phase, second: Phase) -> Bool { first.number < second.number }

        private var number: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    /// What copying put into the input bucket.
    package struct Copied: Codable, Hashable, Sendable {
        package var objects: Int
        package var bytes: Int

        package init(objects: Int, bytes: Int) {
            self.objects = objects
            self.bytes = bytes
        }
    }

    /// What cleaning up has done.
    package struct CleanUp: Codable, Hashable, Sendable {
        package var imageSetsDeleted: Int?
        package var objectsDeleted: Int?
        package var stackDeleted = false

        package init() {}
    }

    package var format = JourneyState.currentFormat
    package var phase = Phase.started
    /// A name of its own for the run, part of the keys of its objects: 12 characters 0-9 a-f.
    package let runID: String
    /// Where the resources are; a run goes on only there.
    package let region: String
    /// Whether everything is on this machine.
    package let isLocal: Bool
    package var stack: JourneyStack?
    package var resources: JourneyResources?
    package var source: JourneySource?
    package var copied: Copied?
    package var jobID: String?
    /// Import jobs of this run that failed; none of them is asked for again.
    package var jobsFailed = 0
    /// The job's own output folder, as `s3://bucket/prefix/`.
    package var jobOutput: String?
    package var summary: ImportSummary?
    package var imageSets: [ImportedImageSet] = []
    package var frames: JourneyFrames?
    /// Nil until the question has been answered.
    package var deletesAtEnd: Bool?
    package var cleanUp = CleanUp()

    package init(runID: String, region: String, isLocal: Bool) {
        self.runID = runID
        self.region = region
        self.isLocal = isLocal
    }

    /// Where this run's DICOM files lie in the input bucket.
    package var inputPrefix: String { "input/\(runID)/" }

    /// Below which the import job makes its own folder in the output bucket.
    package var outputPrefix: String { "output/\(runID)/" }

    /// What the request for an import job carries: the same job for the same token, so a failed one needs another.
    package var importToken: String {
        jobsFailed == 0 ? "hi-fetch-\(runID)" : "hi-fetch-\(runID)-\(jobsFailed + 1)"
    }

    /// The folder of the frames, within the output folder.
    package var framesFolder: String? { jobID.map { "import_job_\($0)" } }

    /// Whether this run made the data store and the buckets, so that everything in them is its own.
    package var ownsResources: Bool { stack?.id != nil }

    /// Whether the service may hold something of this run that costs money.
    package var hasLeftovers: Bool {
        if phase == .finished, deletesAtEnd != true { return false }
        if stack != nil { return !cleanUp.stackDeleted }
        let started = phase >= .chosen && source != nil
        return started && (cleanUp.objectsDeleted == nil || (cleanUp.imageSetsDeleted == nil && jobID != nil))
    }

    /// A fresh name for a run.
    package static func newRunID() -> String {
        let digits = String(UInt64.random(in: 0..<(1 << 48)), radix: 16)
        return String(repeating: "0", count: 12 - digits.count) + digits
    }
}
