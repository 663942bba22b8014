import Foundation
import FrameEngine
import Synchronization

/// The state of one import that its workers share.
final class ImportSession: Sendable {
    private struct State {
        var series: [SeriesIdentity: SeriesAssembly] = [:]
        var order: [SeriesIdentity] = []
        /// Index of the file that has a SOP instance, by series and UID.
        var owners: [SeriesIdentity: [String: Int]] = [:]
        var failures: [Int: ImportReport.Refusal] = [:]
        var skipped: [Int: ImportReport.Refusal] = [:]
        var imported: [Int: Taken] = [:]
        var storeFailure: StoreError?
    }

    /// A file whose instance is in a series.
    private struct Taken {
        let series: SeriesIdentity
        let warnings: [ImportWarning]
    }

    private let store: ImageSetStore
    private let datastoreID: HealthImagingID
    private let entries: [ImportEntry]
    private let jobID: String?
    private let state = Mutex(State())
    /// The file whose turn it is to be assigned to a series. Files are taken in order by several workers; assigning
    /// them in that order makes the result independent of the number of workers.
    private let turn = NSCondition()
    private let nextTurn = Mutex(0)

    init(store: ImageSetStore, datastoreID: HealthImagingID, entries: [ImportEntry], jobID: String? = nil) {
        self.store = store
        self.jobID = jobID
        self.datastoreID = datastoreID
        self.entries = entries
    }

    /// Imports file `index`. Throws for trouble of the store only; trouble of the file goes to the report.
    func process(_ index: Int, with transcoder: InstanceTranscoder, fileSizeLimit: Int) throws {
        var opened: DICOMFile?
        do throws(DICOMFileError) {
            opened = try entries[index].open(fileSizeLimit)
        } catch {
            refuse(index, error)
        }
        waitForTurn(index)
        let target = opened.flatMap { file in assign(file, index: index) }
        endTurn(index)
        if let storeFailure = state.withLock(\.storeFailure) { throw storeFailure }
        guard let file = opened, let (series, sopInstanceUID) = target else { return }
        let output: InstanceTranscoder.Output
        do throws(DICOMFileError) {
            output = try transcoder.transcode(file)
        } catch {
            refuse(index, error)
            return
        }
        try series.add(file, sopInstanceUID: sopInstanceUID, output: output)
        let taken = Taken(series: series.identity, warnings: ImportWarning.all(of: file))
        state.withLock { $0.imported[index] = taken }
    }

    /// Commits every series that has an instance.
    func finish(_ report: inout ImportReport) throws {
        let (all, state) = self.state.withLock { state in
            (state.order.compactMap { state.series[$0] }, state)
        }
        let kept = all.filter { $0.instanceCount > 0 }
        for series in all where series.instanceCount == 0 { series.writer.abandon() }
        var places: [SeriesIdentity: Int] = [:]
        for series in kept {
            let study = kept.filter { $0.identity.study == series.identity.study }
            places[series.identity] = report.imageSets.count
            report.imageSets.append(
                try series.commit(
                    to: store, jobID: jobID, seriesInStudy: study.count,
                    otherInstancesInStudy: study.reduce(-series.instanceCount) { $0 + $1.instanceCount }))
        }
        report.filesImported = state.imported.count
        report.imported = state.imported.sorted { $0.key < $1.key }.compactMap { index, taken in
            places[taken.series].map {
                .init(path: entries[index].name, imageSet: $0, warnings: taken.warnings)
            }
        }
        report.failures += state.failures.sorted { $0.key < $1.key }.map(\.value)
        report.skipped += state.skipped.sorted { $0.key < $1.key }.map(\.value)
    }

    func abandon() {
        for series in state.withLock({ Array($0.series.values) }) { series.writer.abandon() }
    }

    // MARK: Assignment

    private func assign(_ file: DICOMFile, index: Int) -> (SeriesAssembly, String)? {
        let names = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"]
        let missing = names.filter { file.text($0) == nil }
        guard let key = SeriesIdentity({ file.text($0) }), let sopInstanceUID = file.text(names[2]) else {
            refuse(index, DICOMFileError(.damaged, "it has no " + missing.joined(separator: " and no ")))
            return nil
        }
        do throws(DICOMFileError) {
            try ElementLimits.check(file)
        } catch {
            refuse(index, error)
            return nil
        }
        let owner: Int? = state.withLock { state in
            let owner = state.owners[key]?[sopInstanceUID]
            if owner == nil { state.owners[key, default: [:]][sopInstanceUID] = index }
            return owner
        }
        if let owner {
            let reason = "it has the same SOP Instance UID as \(entries[owner].name), which comes first"
            refuse(index, code: "duplicate", reason: reason)
            return nil
        }
        return assembly(for: key, first: file).map { ($0, sopInstanceUID) }
    }

    private func assembly(for key: SeriesIdentity, first file: DICOMFile) -> SeriesAssembly? {
        if let known = state.withLock({ $0.series[key] }) { return known }
        do {
            let writer = try store.beginImageSet(datastoreID: datastoreID)
            let made = SeriesAssembly(identity: key, writer: writer, first: file)
            state.withLock { state in
                state.series[key] = made
                state.order.append(key)
            }
            return made
        } catch {
            state.withLock { $0.storeFailure = error }
            return nil
        }
    }

    // MARK: Refusals

    private func refuse(_ index: Int, _ error: DICOMFileError) {
        refuse(index, code: error.kind.rawValue, reason: error.description)
    }

    private func refuse(_ index: Int, code: String, reason: String) {
        let entry = entries[index]
        let refusal = ImportReport.Refusal(path: entry.name, code: code, reason: reason)
        let isOtherFormat = code == DICOMFileError.Kind.notDICOM.rawValue && !entry.isNamed
        state.withLock { state in
            if isOtherFormat { state.skipped[index] = refusal } else { state.failures[index] = refusal }
        }
    }

    // MARK: Turns

    private func waitForTurn(_ index: Int) {
        turn.lock()
        while nextTurn.withLock({ $0 }) != index { turn.wait() }
        turn.unlock()
    }

    private func endTurn(_ index: Int) {
        turn.lock()
        nextTurn.withLock { $0 = index + 1 }
        turn.broadcast()
        turn.unlock()
    }
}
