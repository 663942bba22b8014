import Foundation

@testable import FrameEngine

/// The calls of scripts/botocore-known-answers.py, by the same names, made with our client.
struct HealthImagingShapeCalls {
    typealias Call = @Sendable (HealthImagingClient) async throws -> Any

    let store: HealthImagingID
    let imageSet: HealthImagingID
    let other: HealthImagingID
    let frame: HealthImagingID
    let job: ImportJobID
    private let arn: String

    init?() {
        guard let store = HealthImagingID(String(repeating: "0123456789abcdef", count: 2)),
            let imageSet = HealthImagingID(String(repeating: "fedcba9876543210", count: 2)),
            let other = HealthImagingID(String(repeating: "b", count: 32)),
            let frame = HealthImagingID(String(repeating: "a", count: 32)), let job = ImportJobID("job0123")
        else { return nil }
        self.store = store
        self.imageSet = imageSet
        self.other = other
        self.frame = frame
        self.job = job
        arn = "arn:aws:medical-imaging:us-east-1:123456789012:datastore/\(store)/imageset/\(imageSet)"
    }

    var all: [String: Call] {
        [datastores, jobs, searches, imageSets, changes, tags].reduce(into: [:]) { all, some in
            all.merge(some) { _, new in new }
        }
    }

    private var datastores: [String: Call] {
        let full = NewDatastore(
            name: "one/two#3", clientToken: "t-1", tags: ["a key": "v/ü", "b": ""],
            kmsKeyARN: "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000",
            lambdaAuthorizerARN: "arn:aws:lambda:us-east-1:123456789012:function:check",
            losslessStorageFormat: .jpeg2000Lossless)
        return [
            "CreateDatastore least": { try await $0.createDatastore(NewDatastore(clientToken: "t-1")) },
            "CreateDatastore": { try await $0.createDatastore(full) },
            "DeleteDatastore": { [store] in try await $0.deleteDatastore(store) },
            "GetDatastore": { [store] in try await $0.datastore(store) },
            "ListDatastores": { try await $0.datastores() },
            "ListDatastores page": { try await $0.datastores(status: .active) },
        ]
    }

    private var jobs: [String: Call] {
        let role = "arn:aws:iam::123456789012:role/import"
        let least = ImportJobRequest(
            dataAccessRoleARN: role, clientToken: "t-2", inputS3URI: "s3://in/a b/",
            outputS3URI: "s3://out/")
        let full = ImportJobRequest(
            name: "job", dataAccessRoleARN: role, clientToken: "t-2", inputS3URI: "s3://in/",
            outputS3URI: "s3://out/", inputOwnerAccountID: "210987654321",
            metadataMappings: [
                MetadataMapping(studyInstanceUID: "1.2", metadataFilePath: "study.json"),
                MetadataMapping(
                    studyInstanceUID: "1.2", seriesInstanceUID: "1.2.3", metadataFilePath: "series.json"),
            ])
        return [
            "StartDICOMImportJob least": { [store] in try await $0.startDICOMImportJob(least, in: store) },
            "StartDICOMImportJob": { [store] in try await $0.startDICOMImportJob(full, in: store) },
            "GetDICOMImportJob": { [store, job] in try await $0.dicomImportJob(job, in: store) },
            "ListDICOMImportJobs": { [store] in try await $0.dicomImportJobs(in: store) },
            "ListDICOMImportJobs page": { [store] in
                try await $0.dicomImportJobs(in: store, status: .failed)
            },
        ]
    }

    private var searches: [String: Call] {
        let date = { (seconds: Double) in Date(timeIntervalSince1970: seconds) }
        let searches: [String: ImageSetSearch] = [
            "SearchImageSets": .all,
            "SearchImageSets study series": ImageSetSearch(
                studyInstanceUID: "1.2", seriesInstanceUID: "1.2.3"),
            "SearchImageSets accession study id": ImageSetSearch(accessionNumber: "A 1", studyID: "Sü"),
            "SearchImageSets patient dates": ImageSetSearch(
                patientID: "P\"1",
                studyDates: SearchRange(
                    from: DICOMDateTime(date: "20230102", time: "030405"),
                    through: DICOMDateTime(date: "20240229"))),
            "SearchImageSets times": ImageSetSearch(
                createdAt: SearchRange(from: date(1_700_000_000), through: date(1_700_000_001)),
                updatedAt: SearchRange(through: date(1_700_000_002))),
            "SearchImageSets sorted": ImageSetSearch(
                isPrimary: true, order: ImageSetSearch.Order(.studyDateAndTime, .ascending)),
            "SearchImageSets page": .study("1.2"),
        ]
        return searches.mapValues { search in
            { [store] client in
                var found: [ImageSetSummary] = []
                for try await page in client.searchImageSets(in: store, search) { found += page }
                return found
            }
        }
    }

    private var imageSets: [String: Call] {
        [
            "GetImageSet": { [store, imageSet] in try await $0.imageSet(imageSet, in: store) },
            "GetImageSet version": { [store, imageSet] in
                try await $0.imageSet(imageSet, in: store, version: "12")
            },
            "GetImageSetMetadata": { [store, imageSet] in
                try await $0.imageSetMetadata(imageSet, in: store)
            },
            "GetImageSetMetadata version": { [store, imageSet] in
                try await $0.imageSetMetadata(imageSet, in: store, version: "12")
            },
            "GetImageFrame": { [store, imageSet, frame] in
                try await $0.imageFrame(frame, of: imageSet, in: store)
            },
            "ListImageSetVersions": { [store, imageSet] in
                try await $0.imageSetVersions(imageSet, in: store)
            },
            "ListImageSetVersions page": { [store, imageSet] in
                try await $0.imageSetVersions(imageSet, in: store)
            },
        ]
    }

    private var changes: [String: Call] {
        let source = ImageSetCopy.Place(imageSetID: imageSet, latestVersionID: "1")
        let copy = ImageSetCopy(
            source: source, copiableAttributes: #"{"a/b":1}"#,
            destination: ImageSetCopy.Place(imageSetID: other, latestVersionID: "7"), force: true,
            promoteToPrimary: false)
        let update = MetadataUpdate.attributes(
            removing: Array(#"{"remove":1}"#.utf8), setting: Array(#"{"set":"ü?>"}"#.utf8))
        return [
            "CopyImageSet least": { [store] in
                try await $0.copyImageSet(ImageSetCopy(source: source), in: store)
            },
            "CopyImageSet": { [store] in try await $0.copyImageSet(copy, in: store) },
            "UpdateImageSetMetadata": { [store, imageSet] in
                try await $0.updateImageSetMetadata(imageSet, in: store, latestVersion: "3", update)
            },
            "UpdateImageSetMetadata revert": { [store, imageSet] in
                try await $0.updateImageSetMetadata(
                    imageSet, in: store, latestVersion: "3", .revert(toVersion: "1"), force: true,
                    includeStudyImageSets: false)
            },
            "DeleteImageSet": { [store, imageSet] in try await $0.deleteImageSet(imageSet, in: store) },
        ]
    }

    private var tags: [String: Call] {
        [
            "ListTagsForResource": { [arn] in try await $0.tags(ofResource: arn) },
            "TagResource": { [arn] in try await $0.addTags(["key one": "value/ü"], toResource: arn) },
            "UntagResource": { [arn] in
                try await $0.removeTags(["b+key", "a/key", "c:"], fromResource: arn)
            },
        ]
    }
}
