import Foundation
import Testing

@testable import LocalImaging

@Suite("DICOM files in the form of the metadata document")
struct DICOMFileTests {
    private static func json(
        _ builder: DICOMFileBuilder
    ) throws -> (attributes: [String: String], file: DICOMFile) {
        var bytes = builder.bytes()
        let file = try DICOMFile(&bytes, limit: 1 << 24)
        let pairs = file.attributes.map { ($0.metadata.key, $0.metadata.json) }
        return (Dictionary(pairs, uniquingKeysWith: { first, _ in first }), file)
    }

    @Test("values have the JSON kind of their representation, and arrays where several are allowed")
    func valueKinds() throws {
        var builder = DICOMFileBuilder()
        builder.set(0x0020_0013, "IS", "7 ")
        builder.set(0x0028_1050, "DS", "40")
        builder.set(0x0008_0008, "CS", "ORIGINAL\\PRIMARY\\AXIAL")
        builder.set(0x0028_0010, 512)
        builder.set(0x0018_6020, "SL", bytes: builder.number(Int32(-5)))
        builder.set(0x0018_9461, "FL", bytes: builder.number(Float(0.25).bitPattern))
        builder.set(0x0008_1030, "LO", "")
        builder.set(0x0020_4000, "LT", "a\\b \"quoted\"\n")
        let json = try Self.json(builder).attributes
        #expect(json["InstanceNumber"] == "\"7\"")
        #expect(json["WindowCenter"] == "[\"40\"]")
        #expect(json["ImageType"] == "[\"ORIGINAL\",\"PRIMARY\",\"AXIAL\"]")
        #expect(json["Rows"] == "512")
        #expect(json["ReferencePixelX0"] == "-5")
        #expect(json["FieldOfViewShape"] == nil)
        #expect(json["StudyDescription"] == "null")
        #expect(json["ImageComments"] == "\"a\\\\b \\\"quoted\\\"\\u000a\"")
        #expect(json["FileMetaInformationVersion"] == "\"AAE=\"")
        #expect(json["TransferSyntaxUID"] == "\"1.2.840.10008.1.2.1\"")
    }

    @Test("private attributes go by their tag and have their representation listed, at every depth")
    func privateAttributes() throws {
        var builder = DICOMFileBuilder()
        builder.set(0x0009_0010, "LO", "VENDOR")
        builder.set(0x0009_1001, "UN", bytes: [1, 2, 3, 4])
        builder.set(0x0009_1002, "OB", bytes: [UInt8](repeating: 7, count: (1 << 20) + 2))
        let inner =
            builder.header(0x0008_1150, "UI", length: 4) + Array("1.2\0".utf8)
            + builder.header(0x0009_1003, "SH", length: 2) + Array("ab".utf8)
        let item = builder.tag(0xfffe_e000) + builder.number(UInt32(inner.count)) + inner
        builder.set(0x0008_1140, "SQ", bytes: item)
        let (json, file) = try Self.json(builder)
        #expect(json["00090010"] == "\"VENDOR\"")
        #expect(json["00091001"] == "\"AQIDBA==\"")
        #expect(json["00091002"] == nil, "private binaries above 1 MB are left out")
        #expect(
            json["ReferencedImageSequence"] == "[{\"ReferencedSOPClassUID\":\"1.2\",\"00091003\":\"ab\"}]")
        let vrs = Dictionary(file.unknownVRs.map { ($0.tag, $0.vr) }, uniquingKeysWith: { first, _ in first })
        #expect(vrs == ["00090010": "LO", "00091001": "UN", "00091003": "SH"])
    }

    @Test(
        "text in any character set becomes UTF-8",
        arguments: [
            ("ISO_IR 100", [UInt8]([0x4d, 0xfc, 0x6c, 0x6c, 0x65, 0x72]), "Müller"),
            ("ISO_IR 192", Array("Müller".utf8), "Müller"),
            ("ISO_IR 144", [0xbb, 0xee, 0xda], "Люк"),
            ("GB18030", [0xd5, 0xc5], "张"),
            ("", [0x4d, 0xfc], "Mü"),
        ])
    func characterSets(set: String, name: [UInt8], expected: String) throws {
        var builder = DICOMFileBuilder()
        if !set.isEmpty { builder.set(0x0008_0005, "CS", set) }
        builder.set(0x0010_0010, "PN", bytes: name)
        let (json, file) = try Self.json(builder)
        #expect(json["PatientName"] == "\"\(expected)\"")
        #expect(file.text("PatientName") != nil)
        if !set.isEmpty { #expect(json["SpecificCharacterSet"]?.contains("UTF") == false) }
    }

    @Test("a transfer syntax that DCMTK does not know is parsed and reported as it stands")
    func unknownSyntax() throws {
        var builder = DICOMFileBuilder()
        builder.transferSyntax = "1.2.840.10008.1.2.4.202"
        builder.setImage(rows: 1, columns: 1, allocated: 8)
        builder.pixelData = .fragments([[0xff, 0x4f, 0xff, 0x51]], offsets: [])
        let (json, file) = try Self.json(builder)
        #expect(json["TransferSyntaxUID"] == "\"1.2.840.10008.1.2.4.202\"")
        #expect(file.transferSyntax == .htj2kLosslessRPCL)
        #expect(Array(try file.encodedFrame(0, of: 1)) == [0xff, 0x4f, 0xff, 0x51])
    }

    @Test("a file cut anywhere, or with any byte of its start changed, is parsed or refused, and never more")
    func damage() throws {
        var builder = DICOMFileBuilder()
        builder.setImage(rows: 4, columns: 4, allocated: 16)
        builder.pixelData = .native([UInt8](repeating: 1, count: 32), vr: "OW")
        let whole = builder.bytes()
        for length in 0..<whole.count {
            var cut = Array(whole[..<length])
            let isRefused = (try? DICOMFile(&cut, limit: 1 << 20)) == nil
            if length < whole.count - 40 && length > 132 { continue }
            #expect(isRefused, "a file of \(length) of \(whole.count) bytes")
        }
        let transcoder = InstanceTranscoder(verifiesEncoding: true)
        for index in 128..<whole.count {
            for value: UInt8 in [0, 0x7f, 0xff] {
                var changed = whole
                changed[index] = value
                if let file = try? DICOMFile(&changed, limit: 1 << 20) { _ = try? transcoder.transcode(file) }
            }
        }
    }

    @Test("sequences nested beyond reason are refused instead of exhausting the stack")
    func deepNesting() throws {
        var builder = DICOMFileBuilder()
        let level =
            builder.header(0x0008_1140, "SQ", length: 0xffff_ffff) + builder.tag(0xfffe_e000)
            + builder.number(UInt32.max)
        builder.set(0x0008_1140, "UN", bytes: [])
        var bytes = builder.bytes()
        for _ in 0..<200_000 { bytes += level }
        let error = #expect(throws: DICOMFileError.self) { try DICOMFile(&bytes, limit: 1 << 30) }
        #expect(error?.description.contains("nested") == true)
    }

    @Test("an element that claims more than the file holds is named with its tag")
    func longElement() throws {
        var builder = DICOMFileBuilder()
        builder.set(0x0020_4000, "LT", "end")
        var bytes = builder.bytes()
        bytes += builder.header(0x7fe0_0010, "OW", length: 0xffff_fff0)
        let error = #expect(throws: DICOMFileError.self) { try DICOMFile(&bytes, limit: 1 << 30) }
        #expect(error?.kind == .damaged)
        #expect(error?.description.contains("(7FE0,0010)") == true)
    }
}
