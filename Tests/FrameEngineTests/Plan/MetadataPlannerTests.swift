import Foundation
import Testing

@testable import FrameEngine

@Suite("Metadata planner: every form of a document")
struct MetadataPlannerTests {
    @Test("orders series by number, instances by number with missing ones last, ties by UID")
    func ordersAsDICOM() throws {
        func instance(_ uid: String, _ number: String, _ frame: Int) -> String {
            #""\#(uid)":{"DICOM":{"InstanceNumber":\#(number)},"ImageFrames":[{"ID":"\#(MetadataFixture.frameID(frame))"}]}"#
        }
        let first = [
            instance("1.9", "null", 8), instance("1.8", #""10 ""#, 5), instance("1.7", #"" 9""#, 4),
            instance("1.6", #""9""#, 3), instance("1.5", #""-2""#, 1), instance("1.4", "3", 2),
            instance("1.3", #"["12"]"#, 6), instance("1.2", #""x""#, 7),
        ]
        let text = MetadataFixture.document(
            series: """
                {"2.3":{"DICOM":{},"Instances":{\(instance("3.1", "\"1\"", 12))}},
                "2.1":{"DICOM":{"SeriesNumber":"11 "},"Instances":{\(instance("3.2", "\"1\"", 10))}},
                "2.0":{"DICOM":{"SeriesNumber":"11"},"Instances":{\(instance("3.3", "\"1\"", 9))}},
                "2.2":{"DICOM":{"SeriesNumber":"2"},"Instances":{\(first.joined(separator: ","))}},
                "2.4":{"Instances":{\(instance("3.4", "\"1\"", 13))}},
                "2.05":{"DICOM":{"SeriesNumber":12},"Instances":{\(instance("3.5", "\"1\"", 11))}}}
                """)
        let plan = try MetadataFixture.plan(text)
        #expect(plan.frames.map(\.imageFrameID.description) == (1...13).map(MetadataFixture.frameID))
        #expect(plan.frames[0].instance.seriesInstanceUID == "2.2")
        #expect(plan.frames[12].instance.seriesInstanceUID == "2.4")
    }

    @Test("numbers the frames of an instance from 1 in the order of the array, one shared instance object")
    func numbersFrames() throws {
        let list = (1...3).map { #"{"ID":"\#(MetadataFixture.frameID(9 - $0))"}"# }.joined(separator: ",")
        let plan = try MetadataFixture.plan(MetadataFixture.document(instance: #""ImageFrames":[\#(list)]"#))
        #expect(plan.frames.map(\.frameNumber) == [1, 2, 3])
        #expect(plan.frames.map(\.imageFrameID.description) == [8, 7, 6].map(MetadataFixture.frameID))
        #expect(plan.frames[0].instance === plan.frames[2].instance)
        #expect(plan.frames[0].instance.sopInstanceUID == "1.2.3")
        #expect(plan.frames[0].instance.studyInstanceUID == "1.2.3")
    }

    @Test(
        "takes instances without frames: empty, missing or null lists",
        arguments: [#""ImageFrames":[]"#, #""DICOM":{}"#, #""ImageFrames":null"#])
    func noFrames(members: String) throws {
        #expect(try MetadataFixture.plan(MetadataFixture.document(instance: members)).frames.isEmpty)
    }

    @Test(
        "takes series without instances and studies without series",
        arguments: [#"{"1.2":{}}"#, #"{"1.2":{"Instances":null}}"#, "{}"])
    func noInstances(series: String) throws {
        #expect(try MetadataFixture.plan(MetadataFixture.document(series: series)).frames.isEmpty)
    }

    @Test(
        "plans a file as the same bytes in memory, plain or gzipped, whatever room its buffer leaves behind it",
        arguments: [0, 1, 63, 64, 65, 300])
    func filesOfAnySize(room: Int) throws {
        let folder = try TemporaryFolder()
        let list = (1...20).map { #"{"ID":"\#(MetadataFixture.frameID($0))","FrameSizeInBytes":\#($0)}"# }
        let text = MetadataFixture.document(instance: #""ImageFrames":[\#(list.joined(separator: ","))]"#)
        let size = BufferPool.sizeClass(for: text.utf8.count + room) - room
        let padded = String(repeating: " ", count: size - text.utf8.count) + text
        let expected = try MetadataFixture.plan(padded).frames.map(\.sizeHintInBytes)
        #expect(expected == (1...20).map { $0 })
        for bytes in [Array(padded.utf8), MetadataFixture.gzip(padded)] {
            let path = folder.file("metadata")
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let plan = try MetadataPlanner.plan(contentsOf: path)
            #expect(plan.frames.map(\.sizeHintInBytes) == expected)
        }
    }

    @Test("trims the padding of DICOM strings, blanks and zeros")
    func trimsPadding() throws {
        let text = MetadataFixture.document(
            series: """
                {"1.2 ":{"Instances":{"1.2.3\\u0000":{"StoredTransferSyntaxUID":"1.2.840.10008.1.2.4.203\\u0000",
                "ChecksumType":"DECOMPRESSED ","DICOM":{"BitsAllocated":8},
                "ImageFrames":[{"ID":"\(MetadataFixture.frameID(1))"}]}}}}
                """, study: #"{"StudyInstanceUID":" 1.9 "}"#)
        let instance = try #require(try MetadataFixture.plan(text).frames.first?.instance)
        #expect(instance.storedTransferSyntax == .htj2k)
        #expect(instance.checksumType == "DECOMPRESSED")
        #expect(instance.bitsAllocated == 8)
        #expect(instance.studyInstanceUID == "1.9")
        #expect(instance.seriesInstanceUID == "1.2")
        #expect(instance.sopInstanceUID == "1.2.3")
    }

    @Test(
        "takes an absent, null or empty stored syntax and checksum type as not told",
        arguments: [
            "", #""StoredTransferSyntaxUID":null,"ChecksumType":null,"#,
            #""StoredTransferSyntaxUID":" ","ChecksumType":"","#,
        ])
    func syntaxNotTold(members: String) throws {
        let frames = #""ImageFrames":[{"ID":"\#(MetadataFixture.frameID(1))"}]"#
        let plan = try MetadataFixture.plan(MetadataFixture.document(instance: members + frames))
        let instance = try #require(plan.frames.first?.instance)
        #expect(instance.storedTransferSyntax == nil)
        #expect(instance.checksumType == nil)
        #expect(instance.effectiveTransferSyntax == .htj2kLosslessRPCL)
    }

    @Test(
        "has no checksum where the list is absent, null, empty, or its full resolution has none",
        arguments: [
            #""MinPixelValue":null,"MaxPixelValue":null"#,
            #""PixelDataChecksumFromBaseToFullResolution":null"#,
            #""PixelDataChecksumFromBaseToFullResolution":[]"#,
            #""PixelDataChecksumFromBaseToFullResolution":[{"Width":8,"Height":8,"Checksum":null}]"#,
            #""PixelDataChecksumFromBaseToFullResolution":[{"Width":4,"Height":4,"Checksum":1},{"Width":8,"Height":8}]"#,
        ])
    func noChecksum(members: String) throws {
        let frame = try #require(
            try MetadataFixture.plan(MetadataFixture.document(frame: members)).frames.first)
        #expect(frame.checksum == nil)
    }

    @Test("takes the largest width, then the largest height, as full resolution in a list of any order")
    func largestIsFull() throws {
        let text = MetadataFixture.document(
            checksums: """
                [{"Width":512,"Height":375,"Checksum":1},{"Width":128,"Height":900,"Checksum":2},
                {"Width":512,"Height":384,"Checksum":4290412430},{"Width":256,"Height":188,"Checksum":3}]
                """)
        let frame = try #require(try MetadataFixture.plan(text).frames.first)
        #expect(frame.checksum == ResolutionChecksum(width: 512, height: 384, crc32: 4_290_412_430))
        #expect(frame.lowerResolutionChecksums.map(\.crc32) == [2, 3, 1])
    }

    @Test(
        "takes a single checksum as the full resolution's, whatever size it claims",
        arguments: [
            #"[{"Width":1,"Height":1,"Checksum":4294967295}]"#, #"[{"Checksum":4294967295}]"#,
            #"[{"Width":null,"Height":null,"Checksum":4.294967295e9}]"#,
        ])
    func singleChecksum(list: String) throws {
        let frame = try #require(
            try MetadataFixture.plan(MetadataFixture.document(checksums: list)).frames.first)
        #expect(frame.checksum?.crc32 == UInt32.max)
        #expect(frame.lowerResolutionChecksums.isEmpty)
    }

    @Test(
        "keeps a size that makes sense as a hint and forgets any other",
        arguments: [
            ("168371", 168_371), ("0", 0), ("1.5e3", 1500), ("-1", nil), ("null", nil), (#""12""#, nil),
            ("12.5", nil), ("1099511627776", 1 << 40), ("1099511627777", nil),
            ("9223372036854775807", nil), ("18446744073709551615", nil), ("1e300", nil),
        ] as [(String, Int?)])
    func sizeHint(text: String, hint: Int?) throws {
        let plan = try MetadataFixture.plan(MetadataFixture.document(frame: #""FrameSizeInBytes":\#(text)"#))
        #expect(plan.frames.first?.sizeHintInBytes == hint)
    }

    @Test("ignores members it does not know, at every level")
    func unknownMembers() throws {
        let text = """
            {"New":[{"a":[1,2,{"b":null}]}],"DatastoreID":"\(MetadataFixture.datastoreID)",
            "ImageSetID":"\(MetadataFixture.imageSetID)","Study":{"X":1,"Series":{"1.2":{"Y":[],"Instances":{"1.2.3":{
            "Z":{},"ImageFrames":[{"New":true,"ID":"\(MetadataFixture.frameID(1))","Other":{"ID":"no"}}]}}}}}}
            """
        #expect(try MetadataFixture.plan(text).frames.count == 1)
    }

    @Test("reads the reduced form with ids and sizes only")
    func reducedForm() throws {
        let text = """
            {"DatastoreID":"\(MetadataFixture.datastoreID)","ImageSetID":"\(MetadataFixture.imageSetID)","Study":{"Series":
            {"1.2":{"Instances":{"1.2.3":{"ImageFrames":[{"ID":"\(MetadataFixture.frameID(1))","FrameSizeInBytes":524288}]}}}}}}
            """
        let plan = try MetadataFixture.plan(text)
        #expect(plan.frames.count == 1)
        #expect(plan.frames.first?.checksum == nil)
        #expect(plan.frames.first?.instance.studyInstanceUID.isEmpty == true)
    }

    @Test("skips a byte order mark and leading blanks, and carries the version it is told")
    func byteOrderMark() throws {
        let text = "\u{FEFF} \n" + MetadataFixture.document(frame: #""MinPixelValue":-1024"#)
        let bytes = Array(text.utf8)
        let plan = try bytes.withUnsafeBytes {
            try MetadataPlanner.plan($0, source: "test", versionID: "3")
        }
        #expect(plan.frames.first?.instance.versionID == "3")
        #expect(plan.versionID == "3")
    }

    @Test("plans thousands of frames in order from one gzipped document")
    func manyFrames() throws {
        let instances = (0..<5000).map { index in
            let number = (index * 3779) % 5000
            return
                #""1.2.\#(index)":{"DICOM":{"InstanceNumber":"\#(number)"},"ImageFrames":[{"ID":"\#(MetadataFixture.frameID(number))"}]}"#
        }
        let text = MetadataFixture.document(
            series: #"{"1.2":{"Instances":{\#(instances.joined(separator: ","))}}}"#)
        let plan = try MetadataFixture.plan(MetadataFixture.gzip(text))
        #expect(plan.frames.map(\.imageFrameID.description) == (0..<5000).map(MetadataFixture.frameID))
    }
}
