import Foundation
import FrameEngine
import Synchronization

/// The state of one import that its workers share.
final class ImportSession: Sendable {
    private struct State {
        var series: [SeriesAssembly.Key: SeriesAssembly] = [:]
        var order: [SeriesAssembly.Key] = []
        /// Index of the file that has a SOP instance, by series and UID.
        var owners: [SeriesAssembly.Key: [String: Int]] = [:]
        var failures: [Int: ImportReport.Refusal] = [:]
        var skipped: [Int: ImportReport.Refusal] = [:]
        var imported = 0
        var storeFailure: StoreError?
    }

    private let store: ImageSetStore
    private let datastoreID: HealthImagingID
    private let entries: [FileScan.Entry]
    private let state = Mutex(State())
    /// The file whose turn it is to be assigned to a series. Files are taken in order by several workers; assigning
    /// them in that order makes the result independent of the number of workers.
    private let turn = NSCondition()
    private let nextTurn = Mutex(0)

    init(store: ImageSetStore, datastoreID: HealthImagingID, entries: [FileScan.Entry]) {
        self.store = store
        self.datastoreID = datastoreID
        self.entries = entries
    }

    /// Imports file `index`. Throws for trouble of the store only; trouble of the file goes to the report.
    func process(_ index: Int, with transcoder: InstanceTranscoder, fileSizeLimit: Int) throws {
        var opened: DICOMFile?
        do throws(DICOMFileError) {
            opened = try DICOMFile(contentsOf: entries[index].path, limit: fileSizeLimit)
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
        state.withLock { $0.imported += 1 }
    }

    /// Commits every series that has an instance.
    func finish(_ report: inout ImportReport) throws {
        let (all, state) = self.state.withLock { state in
            (state.order.compactMap { state.series[$0] }, state)
        }
        let kept = all.filter { $0.instanceCount > 0 }
        for series in all where series.instanceCount == 0 { series.writer.abandon() }
        for series in kept {
            let study = kept.filter { $0.key.studyInstanceUID == series.key.studyInstanceUID }
            report.imageSets.append(
                try series.commit(
                    seriesInStudy: study.count,
                    instancesInStudy: study.reduce(0) { $0 + $1.instanceCount }))
        }
        report.filesImported = state.imported
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
        guard let study = file.text(names[0]), let series = file.text(names[1]),
            let sopInstanceUID = file.text(names[2])
        else {
            refuse(index, DICOMFileError(.damaged, "it has no " + missing.joined(separator: " and no ")))
            return nil
        }
        let key = SeriesAssembly.Key(studyInstanceUID: study, seriesInstanceUID: series)
        let owner: Int? = state.withLock { state in
            let owner = state.owners[key]?[sopInstanceUID]
            if owner == nil { state.owners[key, default: [:]][sopInstanceUID] = index }
            return owner
        }
        if let owner {
            let reason = "it has the same SOP Instance UID as \(entries[owner].path), which comes first"
            refuse(index, code: "duplicate", reason: reason)
            return nil
        }
        return assembly(for: key, first: file).map { ($0, sopInstanceUID) }
    }

    private func assembly(for key: SeriesAssembly.Key, first file: DICOMFile) -> SeriesAssembly? {
        if let known = state.withLock({ $0.series[key] }) { return known }
        do {
            let writer = try store.beginImageSet(datastoreID: datastoreID)
            let made = SeriesAssembly(key: key, writer: writer, first: file)
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
        let refusal = ImportReport.Refusal(path: entry.path, code: code, reason: reason)
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
