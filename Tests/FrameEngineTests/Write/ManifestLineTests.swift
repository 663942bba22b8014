import Foundation
import Testing

@testable import FrameEngine

@Suite("A line of the manifest")
struct ManifestLineTests {
    private static func problem(_ bytes: [UInt8]) -> ManifestLine.Problem? {
        bytes.withUnsafeBytes { bytes in
            do throws(ManifestLine.Problem) {
                _ = try ManifestLine(bytes)
                return nil
            } catch {
                return error
            }
        }
    }

    private static func line(_ number: Int = 7) -> [UInt8] {
        var outcome = ManifestTests.outcome(number)
        outcome.failure = FrameFailure(stage: .verify, code: "a", message: "a \"quote\"\n\\ { [ , é")
        return Array(outcome.manifestLine().dropLast())
    }

    @Test("is read as the general decoder of JSON reads it, with any white space and order")
    func reads() throws {
        let object = try #require(JSONSerialization.jsonObject(with: Data(Self.line())) as? [String: Any])
        let forms: [JSONSerialization.WritingOptions] = [
            [], [.sortedKeys], [.sortedKeys, .withoutEscapingSlashes],
        ]
        for form in forms {
            let text = [UInt8](try JSONSerialization.data(withJSONObject: object, options: form))
            let spaced = String(decoding: text, as: UTF8.self)
                .replacingOccurrences(of: "\":", with: "\" :\t ").replacingOccurrences(
                    of: ",\"", with: " , \"")
            for bytes in [text, Array(spaced.utf8), [0x20] + text + [0x20, 0x0d]] {
                try bytes.withUnsafeBytes { bytes in
                    let line = try ManifestLine(bytes)
                    let record = try #require(ManifestRecord(line))
                    #expect(record.imageFrameId == object["imageFrameId"] as? String)
                    #expect(record.frameNumber == 7)
                    #expect(record.status == .verified)
                    #expect(record.file == object["file"] as? String)
                    #expect(record.crc32 == "000000ff")
                    #expect(line.crc32Expected?.crc32 == 0xdead_beef)
                    #expect(record.codestreamFile == nil)
                }
            }
        }
    }

    @Test("that is cut anywhere, or begins anywhere but at its start, is damaged")
    func torn() {
        let line = Self.line()
        for length in 0..<line.count {
            #expect(Self.problem(Array(line[..<length])) == .damaged, "\(length) bytes of it")
            #expect(Self.problem(Array(line[(length + 1)...])) == .damaged, "without \(length + 1) bytes")
        }
    }

    @Test("that is half a line with a whole one behind it is damaged, wherever it was torn")
    func glued() {
        let (torn, whole) = (Self.line(1), Self.line(2))
        for length in 1...torn.count {
            #expect(Self.problem(Array(torn[..<length]) + whole) == .damaged, "torn after \(length) bytes")
        }
    }

    @Test("with zeros, where a disk lost them, is damaged")
    func zeros() {
        for start in stride(from: 0, to: Self.line().count - 8, by: 5) {
            var line = Self.line()
            line.replaceSubrange(start..<start + 8, with: [UInt8](repeating: 0, count: 8))
            #expect(Self.problem(line) == .damaged)
        }
    }

    @Test(
        "that is JSON and no record is told from damage",
        arguments: [
            "{}", #"{"datastoreId":1}"#,
            #"{"a":{"b":[1,2.5e-3,[],{}]},"c":true,"d":false,"e":null,"f":"\u00e9\""}"#,
        ])
    func noRecord(text: String) {
        #expect(Self.problem(Array(text.utf8)) == .noRecord)
    }

    @Test(
        "that is no JSON is damaged",
        arguments: [
            "", " ", "null", "[]", "{", "}", "{\"a\":}", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "{\"a\":1}}",
            "{\"a\":-}",
            "{\"a\":1.}", "{\"a\":1e}", "{\"a\":tru}", "{\"a\":\"\u{1}\"}", "{\"a\":\"\\", "{\"a\":[1}",
            "{\"a\":{1}}",
            String(repeating: "{\"a\":", count: 100_000),
        ])
    func notJSON(text: String) {
        #expect(Self.problem(Array(text.utf8)) == .damaged)
    }

    @Test("has strings that end at a quotation mark and hold no control character, at any place in a word")
    func stringBytes() {
        for byte in UInt8.min...UInt8.max {
            for place in 0..<19 {
                var text = [UInt8](repeating: 0xff, count: 19)
                text[place] = byte
                let line = Array("{\"a\":\"".utf8) + text + Array("\"}".utf8)
                let isPlain = byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
                // A reverse solidus takes the next byte with it; before the quotation mark that is the end of the string.
                let isEscape = byte == UInt8(ascii: "\\") && place < 18
                #expect(Self.problem(line) == (isPlain || isEscape ? .noRecord : .damaged))
            }
        }
    }

    @Test("keeps integers to the last bit, and takes a larger one for none")
    func numbers() throws {
        for (text, value) in [
            ("0", 0), ("-1", -1), ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min),
            ("9223372036854775808", nil), ("12345678901234567890123", nil), ("1.5", nil),
        ] {
            let line = String(decoding: Self.line(), as: UTF8.self)
                .replacingOccurrences(of: #""encodedBytes":0"#, with: #""encodedBytes":\#(text)"#)
            Array(line.utf8).withUnsafeBytes { bytes in
                #expect((try? ManifestLine(bytes))?.encodedBytes == value, "\(text)")
            }
        }
    }

    @Test("with random damage never leads anywhere but to a record or a refusal")
    func hostile() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<3000 {
            var line = Self.line()
            for _ in 0...random.next() % 4 {
                let place = Int(random.next() % UInt64(line.count))
                switch random.next() % 3 {
                case 0: line[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: line.remove(at: place)
                default: line.insert(Array("\"\\{}[],:0-".utf8)[Int(random.next() % 10)], at: place)
                }
            }
            line.withUnsafeBytes { bytes in
                guard let line = try? ManifestLine(bytes) else { return }
                // Whatever it says, its texts are inside of it.
                #expect(line.imageFrameID.bytes.count <= bytes.count)
                _ = ManifestRecord(line)
            }
        }
    }

    @Test("is read whole wherever the reader's blocks end, and too long ones are damage in their place")
    func blocks() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("manifest.jsonl")
        let line = Self.line() + [UInt8(ascii: "\n")]
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 3 << 20) + [UInt8(ascii: "\n")]
        let blank = Array("    \n\n".utf8)
        let some = Array(repeating: line, count: 2500).flatMap(\.self)
        try Data(some + long + blank + some + line[..<50]).write(to: URL(fileURLWithPath: path))
        var places: [ManifestReader.Place] = []
        var damaged: [ManifestReader.Place] = []
        try ManifestReader.forEachLine(in: path) { place, line in
            switch line {
            case .success: places.append(place)
            case .failure: damaged.append(place)
            }
        }
        #expect(places.count == 5000)
        #expect(places[2499].number == 2500)
        #expect(places[1].offset == line.count)
        #expect(places[2500].number == 2504)
        #expect(places[2500].offset == some.count + long.count + blank.count)
        #expect(
            damaged == [
                ManifestReader.Place(number: 2501, offset: some.count, length: long.count - 1)
            ])
    }
}
