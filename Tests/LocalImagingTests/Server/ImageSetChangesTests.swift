import Foundation
import FrameEngine
import NIOCore
import Testing

@testable import LocalImaging

@Suite("Image sets that are updated, copied and deleted")
struct ImageSetChangesTests {
    private let temporary: TemporaryStore
    private var api: HealthImagingAPI
    private let datastore: HealthImagingID
    private let imageSet: HealthImagingID

    init() async throws {
        temporary = try TemporaryStore()
        api = HealthImagingAPI(store: temporary.store, region: "us-east-1", accountID: "123456789012")
        datastore = try temporary.store.createDatastore(name: "one").id
        let report = try await DICOMImporter().importEntries(
            ImageSetRulesTests.entries([ImageSetRulesTests.file(1), ImageSetRulesTests.file(2)]),
            into: temporary.store, datastoreID: datastore)
        imageSet = try #require(HealthImagingID(report.imageSets[0].imageSetID))
    }

    private func send(_ target: String, _ body: String = "") throws -> (
        status: Int, code: String?, json: [String: Any]
    ) {
        let answer = api.respond(to: APIRequest(method: "POST", target: target, body: Array(body.utf8)))
        var object: [String: Any] = [:]
        if case .bytes(let buffer) = answer.body,
            let parsed = try? JSONSerialization.jsonObject(with: Data(buffer.readableBytesView))
        {
            object = try #require(parsed as? [String: Any])
        }
        return (answer.status, answer.fields.first { $0.name == "x-amzn-errortype" }?.value, object)
    }

    private func path(_ action: String, _ id: HealthImagingID? = nil) -> String {
        "/datastore/\(datastore)/imageSet/\(id ?? imageSet)/\(action)"
    }

    private func update(
        _ version: Int, add: String? = nil, remove: String? = nil, query: String = "",
        of id: HealthImagingID? = nil
    ) throws -> (status: Int, code: String?, json: [String: Any]) {
        var members: [String] = []
        for (name, text) in [("updatableAttributes", add), ("removableAttributes", remove)] {
            if let text { members.append("\"\(name)\":\"\(Data(text.utf8).base64EncodedString())\"") }
        }
        return try send(
            path("updateImageSetMetadata", id) + "?latestVersion=\(version)\(query)",
            "{\"DICOMUpdates\":{\(members.joined(separator: ","))}}")
    }

    private func document(_ id: HealthImagingID? = nil, version: Int? = nil) throws -> ImageSetDocument {
        try temporary.store.document(
            of: temporary.store.imageSet(datastoreID: datastore, imageSetID: id ?? imageSet, version: version)
        )
    }

    @Test("an update makes a version; a stale version is a conflict; a revert brings the old metadata back")
    func updating() throws {
        let added = try update(
            1,
            add:
                #"{"SchemaVersion":1.1,"Patient":{"DICOM":{"PatientName":"New^Name"}},"Study":{"DICOM":{"StudyDescription":"x"}}}"#
        )
        #expect(added.status == 200 && added.json["latestVersionId"] as? String == "2")
        #expect(
            try document().text("PatientName") == "New^Name" && document().text("StudyDescription") == "x")
        #expect(try document(version: 1).text("PatientName") == "Test^Person")
        let record = try temporary.store.imageSet(datastoreID: datastore, imageSetID: imageSet)
        #expect(record.tags.patientName == "New^Name" && record.workflowStatus == "UPDATED")
        let stale = try update(1, add: #"{"Study":{"DICOM":{"StudyDescription":"y"}}}"#)
        #expect(stale.status == 409 && stale.code == "ConflictException")
        let removed = try update(2, remove: #"{"Study":{"DICOM":{"StudyDescription":""}}}"#)
        #expect(removed.json["latestVersionId"] as? String == "3")
        #expect(try document().text("StudyDescription") == nil)
        let reverted = try send(
            path("updateImageSetMetadata") + "?latestVersion=3", #"{"revertToVersionId":"1"}"#)
        #expect(reverted.json["latestVersionId"] as? String == "4")
        #expect(try document().serialized() == document(version: 1).serialized())
    }

    @Test("instances can be removed, but not the last one")
    func removingInstances() throws {
        let series = #"{"Study":{"Series":{"1.2.3.7":{"Instances":{"1.2.3.7.1":{}}}}}}"#
        #expect(try update(1, remove: series).status == 200)
        let record = try temporary.store.imageSet(datastoreID: datastore, imageSetID: imageSet)
        #expect(record.frameCount == 1 && record.version == 2)
        #expect(try document().instances.map(\.sopInstanceUID) == ["1.2.3.7.2"])
        #expect(try update(2, remove: series).code == "ValidationException", "it is gone already")
        #expect(try update(2, remove: #"{"Study":{"Series":{"1.2.3.7":{}}}}"#).code == "ValidationException")
    }

    @Test(
        "what may not be changed is refused in words, and no version is made",
        arguments: [
            #"{"Study":{"DICOM":{"StudyInstanceUID":"1.9"}}}"#, #"{"Study":{"DICOM":{"StudyID":"9"}}}"#,
            #"{"Patient":{"DICOM":{"StudyDate":"20200101"}}}"#,
            #"{"Patient":{"DICOM":{"not a keyword":"1"}}}"#,
            #"{"Study":{"Series":{"1.2.3.7":{"Instances":{"1.2.3.7.1":{"DICOM":{"Rows":3}}}}}}}"#,
            #"{"Study":{"Series":{"1.2.3.7":{"Instances":{"1.2.3.7.1":{"DICOM":{"00091001":"x"}}}}}}}"#,
            #"{"Study":{"Series":{"9.9":{"DICOM":{}}}}}"#, #"{"Else":{}}"#, "[]", "{",
            #"{"Patient":{"DICOM":[]}}"#,
        ])
    func refused(text: String) throws {
        let answer = try update(1, add: text)
        #expect(answer.status == 400 && answer.code == "ValidationException")
        #expect(try temporary.store.versions(datastoreID: datastore, imageSetID: imageSet) == [1])
    }

    @Test("private attributes change by force, and the version says so")
    func forcing() throws {
        let text =
            #"{"Study":{"Series":{"1.2.3.7":{"Instances":{"1.2.3.7.1":{"DICOM":{"00091001":"x"},"DICOMVRs":{"00091001":"LO"}}}}}}}"#
        #expect(try update(1, add: text, query: "&force=true").status == 200)
        #expect(try document().instances[0].unknownVRs.map(\.tag) == ["00091001"])
        let described = try send(path("getImageSet"))
        #expect((described.json["overrides"] as? [String: Bool])?["forced"] == true)
        let uid = try update(2, add: #"{"Study":{"DICOM":{"StudyInstanceUID":"1.9"}}}"#, query: "&force=true")
        #expect(uid.code == "ValidationException", "a primary image set keeps its UIDs")
        for query in ["&force=yes", "&latestVersion=1"] {
            #expect(try update(2, add: "{}", query: query).code == "ValidationException")
        }
    }

    @Test("a whole study changes together, where one image set alone would conflict")
    func wholeStudy() async throws {
        let other = try await DICOMImporter().importEntries(
            ImageSetRulesTests.entries([ImageSetRulesTests.file(1, series: 8)]), into: temporary.store,
            datastoreID: datastore)
        let second = try #require(HealthImagingID(other.imageSets[0].imageSetID))
        let text = #"{"Patient":{"DICOM":{"PatientID":"P-2"}}}"#
        #expect(try update(1, add: text).code == "ValidationException")
        #expect(try update(1, add: text, query: "&includeStudyImageSets=true").status == 200)
        for id in [imageSet, second] {
            let record = try temporary.store.imageSet(datastoreID: datastore, imageSetID: id)
            #expect(record.version == 2 && record.tags.patientID == "P-2" && record.isPrimary)
        }
    }

    @Test(
        "a copy is a new image set that is not primary and shares the frames; chosen instances alone if asked"
    )
    func copying() throws {
        let answer = try send(
            path("copyImageSet"),
            #"{"sourceImageSet":{"latestVersionId":"1","DICOMCopies":{"copiableAttributes":"{\"SchemaVersion\":\"1.1\",\"Study\":{\"Series\":{\"1.2.3.7\":{\"Instances\":{\"1.2.3.7.2\":{}}}}}}"}}}"#
        )
        #expect(answer.status == 200)
        let properties = try #require(answer.json["destinationImageSetProperties"] as? [String: Any])
        let copy = try #require((properties["imageSetId"] as? String).flatMap { HealthImagingID($0) })
        let record = try temporary.store.imageSet(datastoreID: datastore, imageSetID: copy)
        #expect(!record.isPrimary && record.workflowStatus == "COPIED" && record.frameCount == 1)
        let frame = try document(copy).instances[0].frames[0]
        #expect(try document(copy).imageSetID == copy)
        try temporary.store.deleteImageSet(datastoreID: datastore, imageSetID: imageSet)
        let bytes = try #require(
            try StoreFiles.read(temporary.store.frameFile(of: record, frameID: frame.id).path))
        #expect(bytes.count == frame.sizeInBytes, "the copy outlives its source")

        let promoted = try send(
            path("copyImageSet", copy) + "?promoteToPrimary=true",
            #"{"sourceImageSet":{"latestVersionId":"1"}}"#)
        let primary = try #require(
            ((promoted.json["destinationImageSetProperties"] as? [String: Any])?["imageSetId"] as? String)
                .flatMap { HealthImagingID($0) })
        #expect(try temporary.store.imageSet(datastoreID: datastore, imageSetID: primary).isPrimary)
        let again = try send(
            path("copyImageSet", copy) + "?promoteToPrimary=true",
            #"{"sourceImageSet":{"latestVersionId":"1"}}"#)
        #expect(again.code == "ConflictException", "a series has one primary image set")
    }

    @Test("instances are copied into an image set of the same series, by force into any")
    func copyingInto() async throws {
        let other = try await DICOMImporter().importEntries(
            ImageSetRulesTests.entries([ImageSetRulesTests.file(1, series: 8)]), into: temporary.store,
            datastoreID: datastore)
        let target = try #require(HealthImagingID(other.imageSets[0].imageSetID))
        func body(_ source: Int, _ destination: Int) -> String {
            #"{"sourceImageSet":{"latestVersionId":"\#(source)"},"destinationImageSet":{"imageSetId":"\#(target)","latestVersionId":"\#(destination)"}}"#
        }
        #expect(try send(path("copyImageSet"), body(1, 1)).code == "ValidationException")
        #expect(try send(path("copyImageSet") + "?force=true", body(1, 7)).code == "ConflictException")
        #expect(try send(path("copyImageSet") + "?force=true", body(1, 1)).status == 200)
        let record = try temporary.store.imageSet(datastoreID: datastore, imageSetID: target)
        #expect(record.version == 2 && record.isForced && record.frameCount == 3)
        #expect(try document(target).instances.count == 3)
        #expect(
            try send(path("copyImageSet"), #"{"sourceImageSet":{"latestVersionId":"5"}}"#).code
                == "ConflictException")
    }

    @Test("while something goes on the image set is LOCKED, and no other change is made")
    func locking() throws {
        var slow = self
        slow.api.lockSeconds = 600
        let updated = try slow.update(1, add: #"{"Study":{"DICOM":{"StudyDescription":"x"}}}"#)
        #expect(updated.json["imageSetState"] as? String == "LOCKED")
        #expect(updated.json["imageSetWorkflowStatus"] as? String == "UPDATING")
        #expect(try send(path("getImageSet")).json["imageSetState"] as? String == "LOCKED")
        #expect(
            try update(2, add: #"{"Study":{"DICOM":{"StudyDescription":"y"}}}"#).code == "ConflictException")
        #expect(try send(path("deleteImageSet")).code == "ConflictException")
        #expect(
            try send(path("copyImageSet"), #"{"sourceImageSet":{"latestVersionId":"2"}}"#).code
                == "ConflictException")
        #expect(try send(path("getImageSetMetadata")).status == 200, "it can be read")
    }

    @Test(
        "a deletion shows as LOCKED and DELETING until the image set is gone; nothing is found or read meanwhile"
    )
    func deleting() throws {
        var slow = self
        slow.api.lockSeconds = 600
        let deleted = try slow.send(path("deleteImageSet"))
        #expect(deleted.json["imageSetState"] as? String == "LOCKED")
        #expect(deleted.json["imageSetWorkflowStatus"] as? String == "DELETING")
        #expect(try send(path("getImageSet")).json["imageSetWorkflowStatus"] as? String == "DELETING")
        #expect(try send(path("deleteImageSet")).code == "ConflictException")
        #expect(try send(path("getImageSetMetadata")).code == "ConflictException")
        let found = try send("/datastore/\(datastore)/searchImageSets")
        #expect((found.json["imageSetsMetadataSummaries"] as? [Any])?.isEmpty == true)
        _ = try temporary.reopened()
        #expect(try send(path("getImageSet")).code == "ResourceNotFoundException", "the next server ends it")
        let empty = api.respond(to: APIRequest(method: "DELETE", target: "/datastore/\(datastore)"))
        #expect(empty.status == 200)
    }
}
