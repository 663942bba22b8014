extension HealthImagingClient {
    /// Starts a DICOM import job (StartDICOMImportJob).
    public func startDICOMImportJob(
        _ request: ImportJobRequest, in datastoreID: HealthImagingID
    ) async throws -> StartedImportJob {
        let path = "/startDICOMImportJob/datastore/\(datastoreID)"
        return try await client.json(AWSCall("StartDICOMImportJob", path: path).with(json: request))
    }

    /// An import job as it is now (GetDICOMImportJob).
    public func dicomImportJob(
        _ id: ImportJobID, in datastoreID: HealthImagingID
    ) async throws -> ImportJob {
        struct Answer: Decodable {
            let jobProperties: ImportJob
        }
        let path = "/getDICOMImportJob/datastore/\(datastoreID)/job/\(id)"
        let call = AWSCall("GetDICOMImportJob", method: "GET", path: path)
        return try await client.json(call, as: Answer.self).jobProperties
    }

    /// All import jobs of a data store, or those of one status (ListDICOMImportJobs, all pages).
    public func dicomImportJobs(
        in datastoreID: HealthImagingID, status: JobStatus? = nil
    ) async throws -> [ImportJob] {
        struct Page: PagedAnswer {
            let jobSummaries: [ImportJob]
            let nextToken: String?

            var items: [ImportJob] { jobSummaries }
        }
        var call = AWSCall(
            "ListDICOMImportJobs", method: "GET", path: "/listDICOMImportJobs/datastore/\(datastoreID)")
        call.query = status.map { [("jobStatus", $0.rawValue)] } ?? []
        return try await all(call, as: Page.self)
    }
}
