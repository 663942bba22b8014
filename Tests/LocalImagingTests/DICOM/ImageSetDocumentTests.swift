import FrameEngine
import Testing

@testable import LocalImaging

@Suite("Metadata documents, read and changed")
struct ImageSetDocumentTests {
    private static let id = HealthImagingID.random()

    static func frame(_ id: HealthImagingID = .random()) -> ImageSetDocument.Frame {
        ImageSetDocument.Frame(
            id: id, checksum: ResolutionChecksum(width: 8, height: 6, crc32: 4_290_412_430),
            lowerChecksums: [ResolutionChecksum(width: 4, height: 3, crc32: 7)], pixelValues: -5...9,
            sizeInBytes: 33)
    }

    static func document(_ instances: [String], imageSet: HealthImagingID = id) -> ImageSetDocument {
        ImageSetDocument(
            datastoreID: id, imageSetID: imageSet,
            patient: [MetadataAttribute("PatientID", "P 1"), MetadataAttribute("PatientName", #"O"B\"#)],
            study: [
                MetadataAttribute("StudyInstanceUID", "1.2"), MetadataAttribute("StudyDate", "20200101"),
            ],
            seriesInstanceUID: "1.2.3",
            series: [
                MetadataAttribute("SeriesInstanceUID", "1.2.3"), MetadataAttribute("SeriesNumber", "4"),
            ],
            instances: instances.map { uid in
                ImageSetDocument.Instance(
                    sopInstanceUID: uid,
                    attributes: [
                        MetadataAttribute("SOPInstanceUID", uid),
                        MetadataAttribute("WindowCenter", ["1", "2"]),
                        MetadataAttribute(key: "00091001", json: #"{"odd":[1.50,{"a":"]}"}]}"#),
                    ], unknownVRs: [(tag: "00091001", vr: "LO")], storedTransferSyntax: .htj2kLosslessRPCL,
                    frames: [frame()])
            })
    }

    @Test("a document that was read is written again to the byte")
    func roundTrip() throws {
        let written = Self.document(["1.2.3.1", "1.2.3.2"]).serialized()
        let read = try ImageSetDocument(parsing: written, datastoreID: Self.id, imageSetID: Self.id)
        #expect(read.serialized() == written)
        #expect(read.frameCount == 2)
        #expect(read.text("PatientID") == "P 1" && read.text("PatientName") == #"O"B\"#)
        #expect(read.text("StudyID") == nil)
    }

    @Test(
        "what is no document of one series is refused",
        arguments: [
            "", "{}", "[]", "null", #"{"Study":{"Series":{}}}"#, #"{"Study":{"Series":{"1":{},"2":{}}}}"#,
        ])
    func malformed(text: String) {
        #expect(throws: StoreError.self) {
            try ImageSetDocument(parsing: Array(text.utf8), datastoreID: Self.id, imageSetID: Self.id)
        }
    }

    @Test(
        "instances of a newer document replace those of the same UID, and keep what their series said otherwise"
    )
    func merging() throws {
        let old = Self.document(["1.1", "1.2"])
        var new = Self.document(["1.2", "1.3"])
        new.series.append(MetadataAttribute("SeriesDescription", "other"))
        let merged = old.adding(new)
        #expect(merged.instances.map(\.sopInstanceUID) == ["1.1", "1.2", "1.3"])
        #expect(merged.instances[0].frames[0].id == old.instances[0].frames[0].id)
        #expect(merged.instances[1].frames[0].id == new.instances[0].frames[0].id)
        #expect(merged.series.count == 2)
        #expect(merged.instances[2].attributes.contains { $0.key == "SeriesDescription" })
        #expect(!merged.instances[0].attributes.contains { $0.key == "SeriesDescription" })
    }

    @Test("JSON is taken apart without changing its parts")
    func slices() throws {
        let slice = JSONSlice(
            Array(
                #" { "a\"b" : [ 1.50 , "x,]}\\" , {"k":null} , [] ] , "c":-0 , "u":"\u00e4\n\ud83d\ude00" } "#
                    .utf8))
        let members = try #require(slice.members)
        #expect(members.map(\.key) == [#"a"b"#, "c", "u"])
        let elements = try #require(members[0].value.elements)
        #expect(elements.map(\.text) == ["1.50", #""x,]}\\""#, #"{"k":null}"#, "[]"])
        #expect(elements[1].string == #"x,]}\"#)
        #expect(elements[2]["k"]?.isNull == true && elements[2]["z"] == nil)
        #expect(elements[3].elements?.isEmpty == true && elements[3].members == nil)
        #expect(members[1].value.integer == 0)
        #expect(members[2].value.string == "ä\n😀")
        #expect(JSONSlice(Array("{}".utf8)).members?.isEmpty == true)
    }
}
