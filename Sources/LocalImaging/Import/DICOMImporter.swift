import Foundation
import FrameEngine
import Synchronization

/// Imports DICOM Part 10 files into a store as HealthImaging does: one image set a series, frames re-encoded as HTJ2K
/// lossless RPCL in JP2 boxes, or kept as imported where the service keeps them (see `ImportRoute`). More instances of a
/// series that is there make a new version of its image set; conflicting data a non-primary one (see `SeriesIdentity`).
///
/// A file that cannot be imported is named in the report with its reason, and the others go on.
public struct DICOMImporter: Sendable {
    /// Why an import could not begin. Trouble of the store itself is thrown as `StoreError`.
    public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// The data store wants another lossless format than the importer writes.
        case storageFormat(String)

        public var description: String {
            switch self {
            case .storageFormat(let format):
                "the data store keeps frames as \(format); the importer writes HTJ2K, so name another data store"
            }
        }
    }

    /// Threads. Each holds one file and its frames at a time: about three times the file's pixels in memory.
    public var workers = ProcessInfo.processInfo.activeProcessorCount
    /// The largest file, in bytes; also the most that a deflated data set may inflate to. The service takes 4 GB.
    public var fileSizeLimit = 4_000_000_000
    /// Whether each encoded frame is decoded with OpenJPEG and compared with its source before it is stored. Costs as
    /// much time as the encoding; an import is done once and its checksums are believed ever after.
    public var verifiesEncoding = true

    public init() {}

    /// Imports files, and folders with all that is in them, in the order of their paths.
    ///
    /// The result does not depend on the number of workers, except for the ids, which are random. Where several files
    /// have one SOP Instance UID in one series, the first in order is imported.
    ///
    /// - Parameter progress: called from any worker with the files finished so far and all files.
    /// - Throws: `Failure`, `StoreError`, `CancellationError`; then the import made no image set, except that trouble
    ///   of the store in the middle of committing leaves the series that were committed before.
    public func importFiles(
        _ paths: [String], into store: ImageSetStore, datastoreID: HealthImagingID,
        progress: (@Sendable (_ filesDone: Int, _ filesTotal: Int) -> Void)? = nil
    ) async throws -> ImportReport {
        let scan = FileScan(paths: paths)
        var report = try await importEntries(
            scan.entries.map { ImportEntry($0) }, into: store, datastoreID: datastoreID, progress: progress)
        report.filesScanned += scan.failures.count + scan.skipped.count
        report.failures = scan.failures + report.failures
        report.skipped = scan.skipped + report.skipped
        return report
    }

    /// Imports entries in their order, wherever they come from.
    ///
    /// - Parameter jobID: the import job that does it. What the same job committed before, when it was interrupted, is
    ///   not committed again.
    func importEntries(
        _ entries: [ImportEntry], into store: ImageSetStore, datastoreID: HealthImagingID,
        jobID: String? = nil,
        progress: (@Sendable (_ filesDone: Int, _ filesTotal: Int) -> Void)? = nil
    ) async throws -> ImportReport {
        let format = try store.datastore(datastoreID).losslessStorageFormat
        guard format == "HTJ2K" else { throw Failure.storageFormat(format) }
        var report = ImportReport()
        report.filesScanned = entries.count
        let session = ImportSession(store: store, datastoreID: datastoreID, entries: entries, jobID: jobID)
        let total = entries.count
        let done = Atomic(0)
        let verifiesEncoding = self.verifiesEncoding
        let fileSizeLimit = self.fileSizeLimit
        do {
            try await ParallelWork.run(
                count: total, workers: workers, name: "import",
                makeContext: { InstanceTranscoder(verifiesEncoding: verifiesEncoding) },
                job: { index, transcoder in
                    try session.process(index, with: transcoder, fileSizeLimit: fileSizeLimit)
                    progress?(done.add(1, ordering: .relaxed).newValue, total)
                })
            try session.finish(&report)
            return report
        } catch {
            session.abandon()
            throw error
        }
    }
}
