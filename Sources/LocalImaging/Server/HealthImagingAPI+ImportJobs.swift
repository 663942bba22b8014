import Foundation
import FrameEngine

/// StartDICOMImportJob, GetDICOMImportJob, ListDICOMImportJobs.
extension HealthImagingAPI {
    private struct StartRequest: Decodable {
        var jobName: String?
        var dataAccessRoleArn: String
        var clientToken: String
        var inputS3Uri: String
        var outputS3Uri: String
        var inputOwnerAccountId: String?
        var importConfiguration: ImportConfiguration?
    }

    private struct ImportConfiguration: Decodable {}

    private struct StartResponse: Encodable {
        let datastoreId: String
        let jobId: String
        let jobStatus: String
        let submittedAt: EpochSeconds
    }

    private struct Properties: Encodable {
        let jobId: String
        let jobName: String?
        let jobStatus: String
        let datastoreId: String
        let dataAccessRoleArn: String
        let inputS3Uri: String?
        let outputS3Uri: String?
        let submittedAt: EpochSeconds
        let endedAt: EpochSeconds?
        let message: String?

        enum CodingKeys: String, CodingKey {
            case jobId, jobName, jobStatus, datastoreId, dataAccessRoleArn, inputS3Uri, outputS3Uri,
                submittedAt
            case endedAt, message
        }

        /// - Parameter isWhole: with the URIs, which lists leave out.
        init(_ job: ImportJobRecord, isWhole: Bool) {
            jobId = job.jobId
            jobName = job.request.jobName
            jobStatus = job.status.rawValue
            datastoreId = job.datastoreId
            dataAccessRoleArn = job.request.dataAccessRoleArn
            inputS3Uri = isWhole ? job.request.inputS3Uri : nil
            outputS3Uri = isWhole ? job.output?.uri ?? job.request.outputS3Uri : nil
            submittedAt = EpochSeconds(Date(timeIntervalSince1970: job.submittedAt))
            endedAt = job.endedAt.map { EpochSeconds(Date(timeIntervalSince1970: $0)) }
            message = job.message
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(jobId, forKey: .jobId)
            // The model requires it, and the service sends null for a job without a name.
            try container.encode(jobName, forKey: .jobName)
            try container.encode(jobStatus, forKey: .jobStatus)
            try container.encode(datastoreId, forKey: .datastoreId)
            try container.encode(dataAccessRoleArn, forKey: .dataAccessRoleArn)
            try container.encodeIfPresent(inputS3Uri, forKey: .inputS3Uri)
            try container.encodeIfPresent(outputS3Uri, forKey: .outputS3Uri)
            try container.encode(submittedAt, forKey: .submittedAt)
            try container.encodeIfPresent(endedAt, forKey: .endedAt)
            try container.encodeIfPresent(message, forKey: .message)
        }
    }

    private struct GetResponse: Encodable { let jobProperties: Properties }

    private struct ListResponse: Encodable {
        let jobSummaries: [Properties]
        let nextToken: String?
    }

    func startDICOMImportJob(
        _ datastore: HealthImagingID, _ request: APIRequest
    ) throws(APIError) -> APIResponse {
        let wanted = try decode(StartRequest.self, request)
        try check(wanted.clientToken, "clientToken", lengths: 1...64, also: "._-")
        if let name = wanted.jobName { try check(name, "jobName", lengths: 1...64, also: "._/#-") }
        for (uri, member) in [(wanted.inputS3Uri, "inputS3Uri"), (wanted.outputS3Uri, "outputS3Uri")] {
            guard S3Location(uri) != nil else {
                throw .validation("\(member) must be s3://bucket or s3://bucket/prefix")
            }
        }
        if let owner = wanted.inputOwnerAccountId,
            owner.utf8.count != 12 || !owner.utf8.allSatisfy(Self.isDigit)
        {
            throw .validation("inputOwnerAccountId must be 12 digits")
        }
        guard wanted.importConfiguration == nil else {
            throw .validation("importConfiguration is not supported by the local data store; leave it out")
        }
        try checkRole(wanted.dataAccessRoleArn)
        let submission = try stored { () throws(StoreError) in
            try store.submitImportJob(
                ImportJobRecord.Request(
                    clientToken: wanted.clientToken, jobName: wanted.jobName,
                    dataAccessRoleArn: wanted.dataAccessRoleArn, inputS3Uri: wanted.inputS3Uri,
                    outputS3Uri: wanted.outputS3Uri, inputOwnerAccountId: wanted.inputOwnerAccountId),
                datastoreID: datastore)
        }
        switch submission {
        case .tokenReused: throw .conflict("clientToken was used with other parameters before")
        case .tooManyJobs:
            throw .quotaExceeded(
                "\(ImageSetStore.unfinishedJobsLimit) import jobs of the data store are not finished")
        case .accepted(let job):
            onImportJob()
            return .json(
                StartResponse(
                    datastoreId: job.datastoreId, jobId: job.jobId, jobStatus: job.status.rawValue,
                    submittedAt: EpochSeconds(Date(timeIntervalSince1970: job.submittedAt))))
        }
    }

    func getDICOMImportJob(_ datastore: HealthImagingID, job: String) throws(APIError) -> APIResponse {
        guard (1...32).contains(job.utf8.count),
            job.utf8.allSatisfy({ Self.isDigit($0) || (0x61...0x7a).contains($0) })
        else { throw .validation("jobId must be 1 to 32 characters of 0-9 and a-z") }
        guard let id = HealthImagingID(job) else { throw .notFound("import job \(job) does not exist") }
        let record = try stored { () throws(StoreError) in
            _ = try store.datastore(datastore)
            return try store.importJob(datastoreID: datastore, jobID: id)
        }
        return .json(GetResponse(jobProperties: Properties(record, isWhole: true)))
    }

    func listDICOMImportJobs(
        _ datastore: HealthImagingID, _ request: APIRequest
    ) throws(APIError) -> APIResponse {
        let status = try request.parameter("jobStatus")
        if let status, ImportJobRecord.Status(rawValue: status) == nil {
            let all = ImportJobRecord.Status.allCases.map(\.rawValue).joined(separator: ", ")
            throw .validation("jobStatus must be one of \(all)")
        }
        let page = try PageRequest(request, scope: "ListDICOMImportJobs \(datastore) \(status ?? "")")
        let jobs = try stored { () throws(StoreError) in try store.importJobs(datastoreID: datastore) }
            .filter { status == nil || $0.status.rawValue == status }
            .map { job in
                let position = PagePosition(date: Date(timeIntervalSince1970: job.submittedAt), id: job.jobId)
                return (position: position, value: job)
            }
        let (chosen, nextToken) = page.slice(jobs, descending: true)
        return .json(
            ListResponse(jobSummaries: chosen.map { Properties($0, isWhole: false) }, nextToken: nextToken))
    }

    /// The model's pattern, and what the service says of roles that it may not take.
    private func checkRole(_ arn: String) throws(APIError) {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).map(String.init)
        guard (20...2048).contains(arn.utf8.count), parts.count == 6, parts[0] == "arn",
            parts[1] == "aws" || parts[1].hasPrefix("aws-"), parts[2] == "iam", parts[3].isEmpty,
            parts[4].utf8.count == 12, parts[4].utf8.allSatisfy(Self.isDigit), parts[5].hasPrefix("role/"),
            parts[5].utf8.count > 5
        else { throw .validation("dataAccessRoleArn must be arn:aws:iam::ACCOUNT:role/NAME") }
        guard parts[4] == accountID else {
            throw .accessDenied(
                "Cross-account pass role is not allowed: \(arn) is not of account \(accountID).")
        }
        if let problem = roleProblem(arn) { throw .accessDenied(problem) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
