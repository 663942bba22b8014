import ArgumentParser
import FrameEngine
import LocalImaging
import Synchronization

/// `hi-fetch local import`: DICOM files into the local data store.
struct LocalImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Import DICOM files into the local data store.",
        discussion: """
            EXAMPLE: hi-fetch local import scans more/scan.dcm --store store

            One image set a series; more of a series that is there becomes the next version of its image set, and data \
            that conflict with it an image set that is not primary. A file that cannot be imported is named with its reason, the others go on, and \
            the exit status is 1 (65 when nothing could be imported). With --json: one line an image set \
            {"event":"created",...}, one a file that was not taken {"event":"failed"|"skipped",...}, then \
            {"event":"summary",...}.
            """)

    /// An image set that was made.
    struct Created: Encodable {
        let event = "created"
        let datastoreId: String
        let imageSetId: String
        /// 1 for a new image set.
        let imageSetVersion: Int
        let isPrimary: Bool
        let studyInstanceUID: String
        let seriesInstanceUID: String
        let instances: Int
        let frames: Int
        let storedBytes: Int
    }

    /// A file that is not in the store.
    struct NotTaken: Encodable {
        let event: String
        let path: String
        let code: String
        let reason: String
    }

    /// The counts at the end.
    struct Summary: Encodable {
        let event = "summary"
        let datastoreId: String
        let filesScanned: Int
        let filesImported: Int
        let filesFailed: Int
        let filesSkipped: Int
        let imageSets: Int
        let frames: Int
        let seconds: Double
    }

    @Argument(help: ArgumentHelp("DICOM files, and folders with all that is in them.", valueName: "path"))
    var paths: [String]

    @OptionGroup var target: LocalTarget
    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        let console = Console.standard
        let (store, datastoreID) = try target.open()
        let paths = paths
        let start = ContinuousClock.now
        let state = Mutex((done: 0, total: 0))
        let display = ProgressDisplay(console: console) {
            let (done, total) = state.withLock { $0 }
            return ProgressSample(
                elapsed: start.duration(to: .now), framesDone: done, framesTotal: total > 0 ? total : nil,
                framesFailed: 0, receivedBytes: nil, decodedBytes: nil, noun: "files")
        }
        let report = try await Self.interruptible {
            try await display.run {
                try await DICOMImporter().importFiles(paths, into: store, datastoreID: datastoreID) {
                    done, total in
                    state.withLock { $0 = (max($0.done, done), total) }
                }
            }
        }
        let datastore = datastoreID.description
        if outputOptions.json {
            Self.printLines(report, datastore: datastore, seconds: start.duration(to: .now).seconds)
        } else {
            Self.printText(report, datastore: datastore)
        }
        for failure in report.failures { console.error("\(failure.path): \(failure.reason)") }
        if report.isComplete, report.filesImported == 0 {
            throw CommandFailure(.unreadableInput, "no DICOM file is in \(paths.joined(separator: ", "))")
        }
        if !report.isComplete {
            let status: ExitStatus = report.filesImported > 0 ? .someFailed : .unreadableInput
            throw ExitCode(status.rawValue)
        }
    }

    private static func printLines(_ report: ImportReport, datastore: String, seconds: Double) {
        let console = Console.standard
        for imageSet in report.imageSets {
            console.json(
                Created(
                    datastoreId: datastore, imageSetId: imageSet.imageSetID,
                    imageSetVersion: imageSet.version, isPrimary: imageSet.isPrimary,
                    studyInstanceUID: imageSet.studyInstanceUID,
                    seriesInstanceUID: imageSet.seriesInstanceUID,
                    instances: imageSet.instances, frames: imageSet.frames, storedBytes: imageSet.storedBytes)
            )
        }
        for (event, refusals) in [("failed", report.failures), ("skipped", report.skipped)] {
            for refusal in refusals {
                console.json(
                    NotTaken(event: event, path: refusal.path, code: refusal.code, reason: refusal.reason))
            }
        }
        console.json(
            Summary(
                datastoreId: datastore, filesScanned: report.filesScanned,
                filesImported: report.filesImported,
                filesFailed: report.failures.count, filesSkipped: report.skipped.count,
                imageSets: report.imageSets.count, frames: report.frames, seconds: seconds))
    }

    private static func printText(_ report: ImportReport, datastore: String) {
        let console = Console.standard
        console.result("Data store: \(datastore)")
        for imageSet in report.imageSets {
            console.result(
                "Image set:  \(imageSet.imageSetID)  \(Formatting.count(imageSet.instances, of: "instance")), "
                    + "\(Formatting.count(imageSet.frames, of: "frame")), \(Formatting.bytes(imageSet.storedBytes))"
                    + (imageSet.version > 1 ? ", now version \(imageSet.version)" : "")
                    + (imageSet.isPrimary
                        ? "" : ", not primary: its data conflict with an image set that is there"))
        }
        for refusal in report.skipped {
            console.message(
                "hi-fetch: skipped \(Console.oneLine(refusal.path)): \(Console.oneLine(refusal.reason))")
        }
        console.result(
            "\(Formatting.count(report.filesImported, of: "file")) of \(Formatting.count(report.filesScanned)) imported, "
                + "\(Formatting.count(report.failures.count)) failed, \(Formatting.count(report.skipped.count)) skipped"
        )
    }
}
