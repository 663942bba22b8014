import Foundation
import FrameEngine

/// The HealthImaging API over a store: requests to answers, without a network. Blocks on the disk; any thread.
struct HealthImagingAPI: Sendable {
    let store: ImageSetStore
    /// The region and account that ARNs name.
    let region: String
    let accountID: String
    /// How long an image set stays locked while it is updated, copied or deleted, in seconds.
    var lockSeconds = 0.0
    /// Told that an import job was submitted.
    var onImportJob: @Sendable () -> Void = {}
    /// Why the service could not assume a role; nil where it could.
    var roleProblem: @Sendable (_ roleARN: String) -> String? = { _ in nil }

    /// Answers every request; an error becomes its response.
    func respond(to request: APIRequest) -> APIResponse {
        do throws(APIError) {
            guard let operation = Operation(method: request.method, path: request.path) else {
                throw .unknownOperation
            }
            return try perform(operation, request)
        } catch {
            return error.response
        }
    }

    private func perform(_ operation: Operation, _ request: APIRequest) throws(APIError) -> APIResponse {
        switch operation {
        case .createDatastore: return try createDatastore(request)
        case .listDatastores: return try listDatastores(request)
        case .getDatastore(let datastore): return try getDatastore(id(datastore, "datastoreId"))
        case .deleteDatastore(let datastore): return try deleteDatastore(id(datastore, "datastoreId"))
        case .searchImageSets(let datastore):
            return try searchImageSets(id(datastore, "datastoreId"), request)
        case .getImageSet(let datastore, let imageSet):
            return try getImageSet(address(datastore, imageSet), request)
        case .getImageSetMetadata(let datastore, let imageSet):
            return try getImageSetMetadata(address(datastore, imageSet), request)
        case .getImageFrame(let datastore, let imageSet):
            return try getImageFrame(address(datastore, imageSet), request)
        case .listImageSetVersions(let datastore, let imageSet):
            return try listImageSetVersions(address(datastore, imageSet), request)
        case .deleteImageSet(let datastore, let imageSet):
            return try deleteImageSet(address(datastore, imageSet))
        case .updateImageSetMetadata(let datastore, let imageSet):
            return try updateImageSetMetadata(address(datastore, imageSet), request)
        case .copyImageSet(let datastore, let imageSet):
            return try copyImageSet(address(datastore, imageSet), request)
        case .startDICOMImportJob(let datastore):
            return try startDICOMImportJob(id(datastore, "datastoreId"), request)
        case .getDICOMImportJob(let datastore, let job):
            return try getDICOMImportJob(id(datastore, "datastoreId"), job: job)
        case .listDICOMImportJobs(let datastore):
            return try listDICOMImportJobs(id(datastore, "datastoreId"), request)
        case .listTagsForResource(let arn): return try listTags(arn)
        case .tagResource(let arn): return try tag(arn, request)
        case .untagResource(let arn): return try untag(arn, request)
        }
    }

    // MARK: What every operation needs

    /// Where an image set lies; both ids checked.
    struct ImageSetAddress {
        let datastore: HealthImagingID
        let imageSet: HealthImagingID
    }

    func id(_ text: String, _ member: String) throws(APIError) -> HealthImagingID {
        guard let id = HealthImagingID(text) else {
            throw .validation("\(member) must be 32 characters of 0-9 and a-z")
        }
        return id
    }

    private func address(_ datastore: String, _ imageSet: String) throws(APIError) -> ImageSetAddress {
        ImageSetAddress(
            datastore: try id(datastore, "datastoreId"), imageSet: try id(imageSet, "imageSetId"))
    }

    /// Runs a call of the store; its errors become the API's.
    func stored<Result>(_ body: () throws(StoreError) -> Result) throws(APIError) -> Result {
        do throws(StoreError) {
            return try body()
        } catch {
            throw APIError(error)
        }
    }

    /// The request's JSON; an empty body reads as `{}`.
    func decode<Value: Decodable>(_ type: Value.Type, _ request: APIRequest) throws(APIError) -> Value {
        let body = request.body.isEmpty ? Data("{}".utf8) : Data(request.body)
        do {
            return try JSONDecoder().decode(type, from: body)
        } catch let error as APIError {
            throw error
        } catch DecodingError.keyNotFound(let key, _) {
            throw .validation("\(key.stringValue) is missing")
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            throw .validation("\(Self.path(context.codingPath)) has the wrong type")
        } catch {
            throw .validation("the request's body is not valid JSON")
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.isEmpty ? "the request's body" : keys.map(\.stringValue).joined(separator: ".")
    }

    /// A query parameter that is `true` or `false`; absent means false.
    func flag(_ name: String, _ request: APIRequest) throws(APIError) -> Bool {
        switch try request.parameter(name) {
        case nil, "false": return false
        case "true": return true
        default: throw .validation("\(name) must be true or false")
        }
    }

    /// A version id: decimal digits. A number that overflows is a version that does not exist.
    func version(_ text: String, _ member: String) throws(APIError) -> Int {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw .validation("\(member) must be a decimal number")
        }
        return Int(text) ?? Int.max
    }

    func check(
        _ text: String, _ member: String, lengths: ClosedRange<Int>, also others: String
    ) throws(APIError) {
        let isAllowed = text.utf8.allSatisfy { byte in
            let character = Character(Unicode.Scalar(byte))
            return byte < 0x80
                && (character.isLetter || character.isNumber || others.utf8.contains(byte))
        }
        guard isAllowed, lengths.contains(text.utf8.count) else {
            throw .validation(
                "\(member) must be \(lengths.lowerBound) to \(lengths.upperBound) of letters, digits, \(others)"
            )
        }
    }

    func arn(datastore: HealthImagingID, imageSet: HealthImagingID? = nil) -> String {
        let tail = imageSet.map { "/imageset/\($0)" } ?? ""
        return "arn:aws:medical-imaging:\(region):\(accountID):datastore/\(datastore)\(tail)"
    }
}
