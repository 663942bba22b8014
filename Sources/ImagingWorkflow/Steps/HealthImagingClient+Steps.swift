import FrameEngine

extension HealthImagingClient: ImportJobService {
    package func startImport(_ order: ImportOrder) async throws -> String {
        let request = ImportJobRequest(
            name: order.jobName, dataAccessRoleARN: order.roleARN, clientToken: order.token,
            inputS3URI: order.input.description, outputS3URI: order.output.description)
        return try await startDICOMImportJob(request, in: order.datastoreID).jobID.description
    }

    package func importJob(_ id: String, in datastoreID: HealthImagingID) async throws -> ImportJobStatus {
        guard let id = ImportJobID(id) else {
            throw StepError(
                .usage, "'\(id)' is not the id of an import job: 1 to 32 characters of 0-9 and a-z")
        }
        let job = try await dicomImportJob(id, in: datastoreID)
        return ImportJobStatus(
            status: job.status.rawValue, outputURI: job.outputS3URI ?? "", message: job.message)
    }
}

extension HealthImagingClient: ImageSetService {
    package func requestDeletion(
        of id: HealthImagingID, in datastoreID: HealthImagingID
    ) async throws -> ImageSetDeletion {
        do {
            _ = try await deleteImageSet(id, in: datastoreID)
            return .accepted
        } catch let error as ServiceError where error.kind == .notFound {
            // The data store itself may be what is missing: then its own call says so.
            _ = try await datastore(datastoreID)
            return .gone
        } catch let error as ServiceError where error.kind == .conflict {
            return .locked
        }
    }

    package func exists(_ id: HealthImagingID, in datastoreID: HealthImagingID) async throws -> Bool {
        do {
            return try await imageSet(id, in: datastoreID).state != .deleted
        } catch let error as ServiceError where error.kind == .notFound {
            return false
        }
    }

    package func isDeleting(_ id: HealthImagingID, in datastoreID: HealthImagingID) async throws -> Bool {
        do {
            let imageSet = try await imageSet(id, in: datastoreID)
            return imageSet.workflowStatus == .deleting || imageSet.state == .deleted
        } catch let error as ServiceError where error.kind == .notFound {
            return true
        }
    }

    package func allImageSets(
        in datastoreID: HealthImagingID, _ search: ImageSetSearch
    ) async throws -> [HealthImagingID] {
        var ids: [HealthImagingID] = []
        try await SearchStep(client: self).search(search, in: datastoreID) { ids.append($0.imageSetID) }
        return ids
    }
}

extension S3Client: ObjectReading {
    package func object(_ key: String, in bucket: String, limit: Int) async throws -> [UInt8]? {
        do {
            let buffer = try await getObject(key, in: bucket, limit: limit)
            return Array(buffer.bytes)
        } catch let error as ServiceError where error.awsCode == "NoSuchKey" {
            return nil
        }
    }
}
