import Foundation
import Testing

@testable import FrameEngine

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Metadata planner: errors name the place and what to do")
struct PlanErrorTests {
    static func error(_ bytes: [UInt8]) -> PlanError? {
        do {
            _ = try MetadataFixture.plan(bytes, source: "x.json")
            return nil
        } catch {
            return error
        }
    }

    static let good = MetadataFixture.document(frame: #""MinPixelValue":0"#)
    static let frame = #"Study.Series["1.2"].Instances["1.2.3"].ImageFrames[0]"#
    static let list = "\(frame).PixelDataChecksumFromBaseToFullResolution"

    @Test(
        "names the JSON path of a wrong value",
        arguments: [
            (
                good.replacingOccurrences(of: MetadataFixture.datastoreID, with: "D"),
                "DatastoreID is not an id"
            ),
            (
                good.replacingOccurrences(of: MetadataFixture.imageSetID, with: "../"),
                "ImageSetID is not an id"
            ),
            (
                good.replacingOccurrences(of: MetadataFixture.frameID(7), with: "../../etc/passwd"),
                "\(frame).ID is not an id"
            ),
            (
                good.replacingOccurrences(of: "\"\(MetadataFixture.frameID(7))\"", with: "7"),
                "\(frame).ID is not"
            ),
            (MetadataFixture.document(checksums: "{}"), "\(list) is not an array"),
            (MetadataFixture.document(checksums: "[3]"), "\(list)[0] is not an object"),
            (
                MetadataFixture.document(checksums: #"[{"Width":1,"Checksum":1},{"Width":2,"Checksum":-1}]"#),
                "\(list)[1].Checksum is not an integer within 0...4294967295"
            ),
            (
                MetadataFixture.document(checksums: #"[{"Checksum":4294967296}]"#),
                "\(list)[0].Checksum is not"
            ),
            (MetadataFixture.document(checksums: #"[{"Checksum":"12"}]"#), "\(list)[0].Checksum is not"),
            (MetadataFixture.document(checksums: #"[{"Checksum":1.5}]"#), "\(list)[0].Checksum is not"),
            (
                MetadataFixture.document(checksums: #"[{"Width":"8","Checksum":1}]"#),
                "\(list)[0].Width is not"
            ),
            (
                MetadataFixture.document(checksums: #"[{"Checksum":1},{"Width":2}]"#),
                "\(list) has several entries"
            ),
            (
                MetadataFixture.document(instance: #""ImageFrames":{}"#),
                #"Study.Series["1.2"].Instances["1.2.3"].ImageFrames is not an array"#
            ),
            (MetadataFixture.document(instance: #""ImageFrames":[null]"#), "\(frame) is not an object"),
            (
                MetadataFixture.document(instance: #""StoredTransferSyntaxUID":5"#),
                #"Study.Series["1.2"].Instances["1.2.3"].StoredTransferSyntaxUID is not a string"#
            ),
            (MetadataFixture.document(series: "[]"), "Study.Series is not an object"),
            (MetadataFixture.document(series: #"{"1.2":7}"#), #"Study.Series["1.2"] is not an object"#),
            (
                MetadataFixture.document(series: #"{"1.2":{"Instances":[]}}"#),
                #"Study.Series["1.2"].Instances is not an object"#
            ),
        ])
    func wrongValue(text: String, expected: String) throws {
        let error = try #require(Self.error(Array(text.utf8)))
        #expect(error.reason == .invalid)
        #expect(error.message.hasPrefix("x.json: \(expected)"), "\(error.message)")
    }

    @Test(
        "names what is missing",
        arguments: [
            ("{}", "DatastoreID"), (#"{"message":"Forbidden"}"#, "DatastoreID"),
            (#"{"DatastoreID":"\#(MetadataFixture.datastoreID)"}"#, "ImageSetID"),
            (
                #"{"DatastoreID":"\#(MetadataFixture.datastoreID)","ImageSetID":"\#(MetadataFixture.imageSetID)"}"#,
                "Study"
            ),
            (MetadataFixture.document(series: "null"), "Study.Series"),
            (MetadataFixture.document(instance: #""ImageFrames":[{"FrameSizeInBytes":1}]"#), "\(frame).ID"),
        ])
    func missing(text: String, path: String) throws {
        let error = try #require(Self.error(Array(text.utf8)))
        #expect(error.reason == .missing)
        #expect(error.message.hasPrefix("x.json: \(path) is missing"), "\(error.message)")
    }

    @Test(
        "tells what the bytes are when they are not metadata",
        arguments: [
            ([], .empty), (Array(" \r\n\t".utf8), .empty), ([0xEF, 0xBB, 0xBF], .empty),
            (Array("<!DOCTYPE html><html>".utf8), .html), (Array("\n <?xml version='1.0'?>".utf8), .html),
            (Array("[1]".utf8), .json), (Array("hello".utf8), .json), ([0xFF, 0xFE, 0x7B, 0], .json),
            (Array(good.utf8.dropLast()), .json), (Array((good + "}").utf8), .json),
            (Array(#"{"a":123456789012345678901234567890}"#.utf8), .json),
            (Array(#"{"a":"#.utf8) + [0x22, 0xFF, 0xFE, 0x22] + Array("}".utf8), .json),
            (Array(String(repeating: #"{"a":"#, count: 3000).utf8), .json),
            ([0x1F, 0x8B], .gzip), (MetadataFixture.gzip(good).dropLast(9), .gzip),
            (MetadataFixture.gzip(good) + [1, 2, 3], .gzip), (MetadataFixture.gzip(""), .empty),
            (MetadataFixture.gzip("<html>"), .html),
        ] as [([UInt8], PlanError.Reason)])
    func notMetadata(bytes: [UInt8], reason: PlanError.Reason) throws {
        let error = try #require(Self.error(bytes))
        #expect(error.reason == reason, "\(error.message)")
        #expect(error.message.hasPrefix("x.json: "))
        #expect(!error.message.contains("\n"))
        #expect(error.stage == .plan)
        #expect(!error.isRetryable)
    }

    @Test("refuses more than 4 GiB of JSON before it reads or copies it")
    func tooLarge() throws {
        let size = 4 << 30
        let memory = try #require(
            mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))
        defer { munmap(memory, size) }
        memory.storeBytes(of: UInt8(ascii: "{"), as: UInt8.self)
        let error = #expect(throws: PlanError.self) {
            try MetadataPlanner.plan(UnsafeRawBufferPointer(start: memory, count: size), source: "huge")
        }
        #expect(error?.reason == .tooLarge)
    }

    @Test("refuses gzip that inflates to more than 256 MiB, and says so")
    func inflatesTooLarge() throws {
        let spaces = [UInt8](repeating: 0x20, count: 64 << 20)
        let member = spaces.withUnsafeBytes { Gzip.deflate($0) }
        let most = Self.error(member + member + member + member)
        #expect(most?.reason == .empty)
        let error = Self.error(member + member + member + member + MetadataFixture.gzip("{}"))
        #expect(error?.reason == .tooLarge)
        #expect(error?.message == "x.json: the metadata inflates to more than 256 MiB, which is not read")
    }

    @Test("names a file that is missing, and a folder in the place of a file")
    func unreadableFiles() throws {
        let missing = #expect(throws: PlanError.self) {
            try MetadataPlanner.plan(contentsOf: "/nonexistent/metadata.json")
        }
        #expect(missing?.reason == .unreadable)
        #expect(missing?.message.contains("/nonexistent/metadata.json") == true)
        let folder = #expect(throws: PlanError.self) {
            try MetadataPlanner.plan(contentsOf: FileManager.default.temporaryDirectory.path)
        }
        #expect(folder?.reason == .unreadable)
    }
}
