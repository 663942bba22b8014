import Foundation
import FrameEngine
import NIOCore
import Testing

@testable import LocalImaging

@Suite("The API over a store")
struct HealthImagingAPITests {
    private let temporary: TemporaryStore
    private let api: HealthImagingAPI
    private let datastore: HealthImagingID
    private let frame = HealthImagingID.random()
    private let imageSet: HealthImagingID

    init() throws {
        temporary = try TemporaryStore()
        api = HealthImagingAPI(store: temporary.store, region: "us-east-1", accountID: "123456789012")
        datastore = try temporary.store.createDatastore(name: "one").id
        let writer = try temporary.store.beginImageSet(datastoreID: datastore)
        try writer.add(id: frame, bytes: [1, 2, 3], storedAs: .jpeg2000)
        try writer.commit(metadata: Array("{}".utf8), tags: DICOMTags())
        imageSet = writer.imageSetID
    }

    private func send(_ method: String, _ target: String, _ body: String = "") -> APIResponse {
        api.respond(to: APIRequest(method: method, target: target, body: Array(body.utf8)))
    }

    private func bytes(_ response: APIResponse) -> [UInt8] {
        guard case .bytes(let buffer) = response.body else { return [] }
        return Array(buffer.readableBytesView)
    }

    private func json(_ response: APIResponse) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(bytes(response))) as? [String: Any])
    }

    private func field(_ name: String, _ response: APIResponse) -> String? {
        response.fields.first { $0.name == name }?.value
    }

    private func expectError(_ response: APIResponse, _ status: Int, _ code: String) throws {
        #expect(response.status == status)
        #expect(field("x-amzn-errortype", response) == code)
        #expect(field("content-type", response) == "application/json")
        let message = try #require(try json(response)["message"] as? String)
        #expect(!message.isEmpty)
        #expect(!message.contains(temporary.path), "an answer tells no path of the machine")
    }

    @Test("a frame is served byte for byte with the Content-Type of its stored syntax")
    func frameBytes() throws {
        let target = "/datastore/\(datastore)/imageSet/\(imageSet)/getImageFrame"
        let response = send("POST", target, #"{"imageFrameId":"\#(frame)"}"#)
        #expect(response.status == 200)
        #expect(field("content-type", response) == "image/j2c")
        #expect(bytes(response) == [1, 2, 3])
        try expectError(
            send("POST", target, #"{"imageFrameId":"\#(HealthImagingID.random())"}"#), 404,
            "ResourceNotFoundException")
    }

    @Test("a frame larger than a piece is a stream of the same bytes")
    func largeFrame() throws {
        let content = (0..<FileStream.pieceInBytes + 12_345).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let id = HealthImagingID.random()
        let writer = try temporary.store.beginImageSet(datastoreID: datastore)
        try writer.add(id: id, bytes: content)
        try writer.commit(metadata: [], tags: DICOMTags())
        let response = send(
            "POST", "/datastore/\(datastore)/imageSet/\(writer.imageSetID)/getImageFrame",
            #"{"imageFrameId":"\#(id)"}"#)
        guard case .file(let file) = response.body else {
            Issue.record("a large frame must not be read whole")
            return
        }
        #expect(file.size == content.count)
        #expect(try Array(file.read(count: file.size, at: 0).readableBytesView) == content)
        #expect(throws: StoreError.self) { try file.read(count: 1, at: file.size) }
    }

    @Test(
        "an id that is not one never reaches the disk",
        arguments: [
            "..", "../..", "../../../../etc/passwd", "%2e%2e", "..%2F..%2Fstore.json", "x", "",
            String(repeating: "A", count: 32), String(repeating: "a", count: 33),
            String(repeating: "a", count: 31) + "/", String(repeating: ".", count: 32),
            String(repeating: "a", count: 30) + "%00",
        ])
    func traversal(id: String) throws {
        let encoded = id.replacingOccurrences(of: "/", with: "%2F")
        let targets = [
            "/datastore/\(encoded)/searchImageSets", "/datastore/\(encoded)/imageSet/\(imageSet)/getImageSet",
            "/datastore/\(datastore)/imageSet/\(encoded)/getImageSetMetadata",
        ]
        for target in targets { try expectError(send("POST", target), 400, "ValidationException") }
        let body = try JSONSerialization.data(withJSONObject: ["imageFrameId": id])
        try expectError(
            send(
                "POST", "/datastore/\(datastore)/imageSet/\(imageSet)/getImageFrame",
                String(decoding: body, as: UTF8.self)), 400, "ValidationException")
    }

    @Test("a body that is not the operation's is refused in words")
    func bodies() throws {
        let frameTarget = "/datastore/\(datastore)/imageSet/\(imageSet)/getImageFrame"
        for body in ["", "{", "[]", "null", "{}", #"{"imageFrameId":1}"#, "<html>"] {
            try expectError(send("POST", frameTarget, body), 400, "ValidationException")
        }
        for body in ["{}", #"{"clientToken":""}"#, #"{"clientToken":"t","datastoreName":"a b"}"#] {
            try expectError(send("POST", "/datastore", body), 400, "ValidationException")
        }
        try expectError(
            send("POST", "/datastore", #"{"clientToken":"t","losslessStorageFormat":"PNG"}"#), 400,
            "ValidationException")
    }

    @Test("a request for an operation that does not exist is told so")
    func unknownOperation() throws {
        try expectError(send("GET", "/nothing"), 404, "UnknownOperationException")
        try expectError(send("PATCH", "/datastore"), 404, "UnknownOperationException")
    }

    @Test("versions are asked for by number, and only those that exist are there")
    func versions() throws {
        let target = "/datastore/\(datastore)/imageSet/\(imageSet)/getImageSet"
        #expect(try json(send("POST", target + "?version=1"))["versionId"] as? String == "1")
        try expectError(send("POST", target + "?version=2"), 404, "ResourceNotFoundException")
        for version in ["x", "", "-1", "1.0"] {
            try expectError(send("POST", target + "?version=\(version)"), 400, "ValidationException")
        }
        _ = try temporary.store.addVersion(
            datastoreID: datastore, imageSetID: imageSet, latestVersion: 1, metadata: [], tags: DICOMTags())
        #expect(try json(send("POST", target))["versionId"] as? String == "2")
        let listed = try json(
            send("POST", "/datastore/\(datastore)/imageSet/\(imageSet)/listImageSetVersions"))
        let list = try #require(listed["imageSetPropertiesList"] as? [[String: Any]])
        #expect(list.map { $0["versionId"] as? String } == ["2", "1"])
        #expect(list.map { $0["ImageSetWorkflowStatus"] as? String } == ["UPDATED", "CREATED"])
        #expect(listed["nextToken"] == nil, "a member without a value is left out")
    }

    @Test("a search answers with a numeric version and times in seconds")
    func search() throws {
        let answer = try json(send("POST", "/datastore/\(datastore)/searchImageSets"))
        let summaries = try #require(answer["imageSetsMetadataSummaries"] as? [[String: Any]])
        #expect(summaries.count == 1)
        #expect(summaries[0]["version"] as? Int == 1)
        let created = try #require(summaries[0]["createdAt"] as? Double)
        let record = try temporary.store.imageSet(datastoreID: datastore, imageSetID: imageSet)
        #expect(abs(created - record.createdAt.timeIntervalSince1970) < 0.001)
        try expectError(
            send("POST", "/datastore/\(HealthImagingID.random())/searchImageSets"), 404,
            "ResourceNotFoundException")
    }

    @Test("a file of the store that is damaged is the server's failure and shows no path")
    func damaged() throws {
        let path = "\(temporary.path)/datastores/\(datastore)/datastore.json"
        try Data("rubbish".utf8).write(to: URL(filePath: path))
        let response = send("GET", "/datastore/\(datastore)")
        try expectError(response, 500, "InternalServerException")
        #expect(response.failure?.contains(path) == true, "the operator is told which file")
    }

    @Test(
        "only ARNs of data stores and image sets are resources",
        arguments: [
            "", "arn", "arn:aws:s3:us-east-1:123456789012:datastore/\(String(repeating: "a", count: 32))",
            "arn:aws:medical-imaging:us-east-1:12:datastore/\(String(repeating: "a", count: 32))",
            "arn:aws:medical-imaging:us-east-1:123456789012:datastore/../x",
            "arn:aws:medical-imaging:us-east-1:123456789012:datastore/\(String(repeating: "a", count: 32))/imageset/..",
            "arn:aws:medical-imaging:us-east-1:123456789012:datastore/\(String(repeating: "a", count: 32))/frames/x",
        ])
    func arns(arn: String) {
        #expect(throws: APIError.self) { try HealthImagingAPI.resource(arn) }
    }

    @Test("every stored syntax has the Content-Type of the API reference")
    func contentTypes() {
        let expected = [
            "1.2.840.10008.1.2.4.202": "image/jph", "1.2.840.10008.1.2.4.203": "image/jphc",
            "1.2.840.10008.1.2.4.91": "image/j2c", "1.2.840.10008.1.2.4.50": "image/jpeg",
            "1.2.840.10008.1.2.4.112": "image/jxl", "1.2.840.10008.1.2.1": "application/octet-stream",
            "1.2.840.10008.1.2.4.100": "video/mpeg", "1.2.840.10008.1.2.4.104": "video/mp4",
            "1.2.840.10008.1.2.4.107": "video/H256", "1.2.3": "application/octet-stream",
        ]
        for (uid, type) in expected {
            #expect(HealthImagingAPI.contentType(storedAs: TransferSyntax(uid: uid)) == type)
        }
    }
}
