import FrameEngine

/// The API's operations by method and path (HealthImaging API model, 2023-07-19). Ids are as sent, unchecked.
enum Operation: Hashable, Sendable {
    case createDatastore
    case listDatastores
    case getDatastore(datastore: String)
    case deleteDatastore(datastore: String)
    case searchImageSets(datastore: String)
    case getImageSet(datastore: String, imageSet: String)
    case getImageSetMetadata(datastore: String, imageSet: String)
    case getImageFrame(datastore: String, imageSet: String)
    case listImageSetVersions(datastore: String, imageSet: String)
    case deleteImageSet(datastore: String, imageSet: String)
    case updateImageSetMetadata(datastore: String, imageSet: String)
    case copyImageSet(datastore: String, imageSet: String)
    case startDICOMImportJob(datastore: String)
    case getDICOMImportJob(datastore: String, job: String)
    case listDICOMImportJobs(datastore: String)
    case listTagsForResource(arn: String)
    case tagResource(arn: String)
    case untagResource(arn: String)

    /// Nil where the API has no such operation.
    ///
    /// - Parameter path: percent-encoded; each segment is decoded alone, so that an encoded slash stays inside one.
    init?(method: String, path: String) {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            .map { APIRequest.decoded($0) }
        switch (method, segments.first, segments.count) {
        case ("POST", "datastore", 1): self = .createDatastore
        case ("GET", "datastore", 1): self = .listDatastores
        case ("GET", "datastore", 2): self = .getDatastore(datastore: segments[1])
        case ("DELETE", "datastore", 2): self = .deleteDatastore(datastore: segments[1])
        case ("POST", "datastore", 3) where segments[2] == "searchImageSets":
            self = .searchImageSets(datastore: segments[1])
        case ("POST", "datastore", 5) where segments[2] == "imageSet":
            self.init(action: segments[4], datastore: segments[1], imageSet: segments[3])
        case ("POST", "startDICOMImportJob", 3) where segments[1] == "datastore":
            self = .startDICOMImportJob(datastore: segments[2])
        case ("GET", "getDICOMImportJob", 5) where segments[1] == "datastore" && segments[3] == "job":
            self = .getDICOMImportJob(datastore: segments[2], job: segments[4])
        case ("GET", "listDICOMImportJobs", 3) where segments[1] == "datastore":
            self = .listDICOMImportJobs(datastore: segments[2])
        // An ARN holds one or two slashes, which clients send encoded and some proxies decode.
        case (let method, "tags", 2...):
            self.init(tagsMethod: method, arn: segments.dropFirst().joined(separator: "/"))
        default: return nil
        }
    }

    private init?(action: String, datastore: String, imageSet: String) {
        switch action {
        case "getImageSet": self = .getImageSet(datastore: datastore, imageSet: imageSet)
        case "getImageSetMetadata": self = .getImageSetMetadata(datastore: datastore, imageSet: imageSet)
        case "getImageFrame": self = .getImageFrame(datastore: datastore, imageSet: imageSet)
        case "listImageSetVersions": self = .listImageSetVersions(datastore: datastore, imageSet: imageSet)
        case "deleteImageSet": self = .deleteImageSet(datastore: datastore, imageSet: imageSet)
        case "updateImageSetMetadata":
            self = .updateImageSetMetadata(datastore: datastore, imageSet: imageSet)
        case "copyImageSet": self = .copyImageSet(datastore: datastore, imageSet: imageSet)
        default: return nil
        }
    }

    private init?(tagsMethod: String, arn: String) {
        switch tagsMethod {
        case "GET": self = .listTagsForResource(arn: arn)
        case "POST": self = .tagResource(arn: arn)
        case "DELETE": self = .untagResource(arn: arn)
        default: return nil
        }
    }
}
