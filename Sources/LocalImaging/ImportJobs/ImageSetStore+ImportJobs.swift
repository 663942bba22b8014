import Foundation
import FrameEngine

/// Import jobs of the data stores. Here jobs are files; running them is `ImportJobRunner`'s affair.
extension ImageSetStore {
    /// The service's quota: jobs of one data store that are not finished.
    static let unfinishedJobsLimit = 100

    /// What became of a request for a job.
    enum ImportJobSubmission {
        case accepted(ImportJobRecord)
        /// The token was used with another request.
        case tokenReused
        case tooManyJobs
    }

    /// Makes a job, `SUBMITTED`. The same request with the same token again is the same job.
    ///
    /// - Throws: `StoreError.notFound`.
    func submitImportJob(
        _ request: ImportJobRecord.Request, datastoreID: HealthImagingID
    ) throws(StoreError) -> ImportJobSubmission {
        try FileLock.withLock(on: layout.lockFile) { () throws(StoreError) in
            let present = try importJobs(datastoreID: datastoreID)
            if let earlier = present.first(where: { $0.request.clientToken == request.clientToken }) {
                return earlier.request == request ? .accepted(earlier) : .tokenReused
            }
            guard present.count(where: { !$0.status.isFinal }) < Self.unfinishedJobsLimit else {
                return .tooManyJobs
            }
            let job = ImportJobRecord(
                jobId: HealthImagingID.random().description, datastoreId: datastoreID.description,
                request: request, status: .submitted, submittedAt: Date.now.timeIntervalSince1970)
            try StoreFiles.makeDirectory(layout.importJobs(datastoreID))
            try keepImportJob(job, datastoreID: datastoreID)
            return .accepted(job)
        }
    }

    /// Every job of a data store, in no particular order.
    ///
    /// - Throws: `StoreError.notFound` for an unknown data store.
    func importJobs(datastoreID: HealthImagingID) throws(StoreError) -> [ImportJobRecord] {
        _ = try datastore(datastoreID)
        var jobs: [ImportJobRecord] = []
        for name in try StoreFiles.names(in: layout.importJobs(datastoreID)) where name.hasSuffix(".json") {
            if let job = try readImportJob(String(name.dropLast(5)), datastoreID: datastoreID) {
                jobs.append(job)
            }
        }
        return jobs
    }

    func unfinishedImportJobs(datastoreID: HealthImagingID) throws(StoreError) -> [ImportJobRecord] {
        try importJobs(datastoreID: datastoreID).filter { !$0.status.isFinal }
    }

    /// - Throws: `StoreError.notFound`.
    func importJob(datastoreID: HealthImagingID, jobID: HealthImagingID) throws(StoreError) -> ImportJobRecord
    {
        guard let job = try readImportJob(jobID.description, datastoreID: datastoreID) else {
            throw .notFound(what: "import job \(jobID) of data store \(datastoreID)")
        }
        return job
    }

    /// Replaces what is kept of a job.
    func keepImportJob(_ job: ImportJobRecord, datastoreID: HealthImagingID) throws(StoreError) {
        let path = "\(layout.importJobs(datastoreID))/\(job.jobId).json"
        try StoreFiles.replace(path, bytes: StoreJSON.encode(job, for: path))
    }

    /// Takes the sole right to run a job; nil where another has it. The right ends with the lock or the process.
    func claimImportJob(_ job: ImportJobRecord, datastoreID: HealthImagingID) throws(StoreError) -> FileLock?
    {
        try FileLock(path: "\(layout.importJobs(datastoreID))/\(job.jobId).lock", waiting: false)
    }

    private func readImportJob(
        _ name: String, datastoreID: HealthImagingID
    ) throws(StoreError) -> ImportJobRecord? {
        let path = "\(layout.importJobs(datastoreID))/\(name).json"
        guard let bytes = try StoreFiles.read(path) else { return nil }
        return try StoreJSON.decode(ImportJobRecord.self, from: bytes, path: path)
    }
}
