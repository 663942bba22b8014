import FrameEngine
import Testing

@testable import hi_fetch

@Suite("Values on the command line")
struct ArgumentTests {
    @Test(
        "sizes take a suffix, in powers of 1024",
        arguments: [
            ("1500000", 1_500_000), ("512K", 512 << 10), ("64m", 64 << 20), ("2G", 2 << 30),
            ("2GiB", 2 << 30),
            ("0", 0), ("12b", 12), ("1T", 1 << 40),
        ])
    func byteCounts(text: String, bytes: Int) {
        #expect(ByteCountArgument(argument: text)?.bytes == bytes)
    }

    @Test("what is no size is refused", arguments: ["", "G", "-1", "1.5G", "12X", "9999999999G", "1 G"])
    func wrongByteCounts(text: String) {
        #expect(ByteCountArgument(argument: text) == nil)
    }

    @Test("image sizes are WIDTHxHEIGHT")
    func imageSizes() {
        #expect(ImageSizeArgument(argument: "512x384") == ImageSizeArgument(argument: "512X384"))
        #expect(ImageSizeArgument(argument: "512x384")?.width == 512)
        #expect(ImageSizeArgument(argument: "512x384")?.height == 384)
        for wrong in ["512", "x", "512x", "0x5", "5x-1", "1x2x3", "axb"] {
            #expect(ImageSizeArgument(argument: wrong) == nil)
        }
    }

    @Test("an image set is an id, with a version or without")
    func imageSets() {
        let id = "0123456789abcdefghijklmnopqrstuv"
        #expect(ImageSetArgument(argument: id)?.version == nil)
        #expect(ImageSetArgument(argument: id)?.id.description == id)
        #expect(ImageSetArgument(argument: id + "@12")?.version == "12")
        for wrong in [
            id + "@", id + "@x", id + "@1@2", "@1", "", "../../etc/passwd", id.uppercased(), id + "0",
        ] {
            #expect(ImageSetArgument(argument: wrong) == nil)
        }
    }

    @Test("a DICOM UID is numbers with dots between, 64 characters at most")
    func uids() {
        #expect(DICOMUIDArgument(argument: "1.2.840.10008.1.2")?.uid == "1.2.840.10008.1.2")
        for wrong in ["", ".", "1..2", "1.2.", "1.a", "1/2", String(repeating: "1", count: 65)] {
            #expect(DICOMUIDArgument(argument: wrong) == nil)
        }
    }

    @Test("a part is its number and how many there are, counted from one")
    func shards() {
        #expect(FrameShard(argument: "3/4")?.description == "3/4")
        #expect(FrameShard(argument: "1/1") == .whole)
        for wrong in ["", "1", "/", "0/4", "5/4", "1/2/3", "a/b", "-1/4", "1/", "1/99999999999999999999"] {
            #expect(FrameShard(argument: wrong) == nil)
        }
    }

    @Test("a day is eight digits, with hyphens or without")
    func studyDates() {
        #expect(StudyDateArgument(argument: "20240131")?.date.date == "20240131")
        #expect(StudyDateArgument(argument: "20000229") != nil)
        #expect(StudyDateArgument(argument: "2024-01-31") == StudyDateArgument(argument: "20240131"))
        for wrong in [
            "", "2024", "20241301", "2024-1-31", "202-401-31", "20240132", "20240230", "20230229", "19000229",
            "20240431", "2024-01-31T00:00", "20-24-01-31",
        ] {
            #expect(StudyDateArgument(argument: wrong) == nil)
        }
    }

    @Test("words for a shell are quoted where it would take them apart")
    func shellWords() {
        #expect(ShellWord.quoted("output/a-b_1.2") == "output/a-b_1.2")
        #expect(ShellWord.quoted("an output") == "'an output'")
        #expect(ShellWord.quoted("it's") == "'it'\\''s'")
        #expect(ShellWord.quoted("$(x)") == "'$(x)'")
        #expect(ShellWord.quoted("") == "''")
    }
}
