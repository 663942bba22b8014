import Foundation
import Testing

@testable import FrameEngine

@Suite("Reading a manifest")
struct ManifestReaderTests {
    private static func damage(in path: String) throws -> [ManifestReader.Place] {
        var found: [ManifestReader.Place] = []
        try ManifestReader.forEachLine(in: path) { place, line in
            if case .failure = line { found.append(place) }
        }
        return found
    }

    @Test("a damaged line of any length is blank once it was repaired", arguments: [300, 1 << 20, 3_500_000])
    func longLines(length: Int) throws {
        let folder = try TemporaryFolder()
        let directory = try OutputDirectory(folder.path)
        let path = folder.file(ManifestWriter.fileName)
        let records = (1...3).map { ManifestTests.outcome($0).manifestLine() }
        let zeros = [UInt8](repeating: 0, count: length) + [UInt8(ascii: "\n")]
        try Data(records[0] + zeros + records[1] + records[2]).write(to: URL(fileURLWithPath: path))
        let damaged = try Self.damage(in: path)
        #expect(damaged.map(\.number) == [2])
        let writer = try ManifestWriter(in: directory)
        try writer.blank(damaged)
        writer.closeFile()
        #expect(try Self.damage(in: path).isEmpty)
        var count = 0
        try ManifestReader.forEachRecord(in: path) { _ in count += 1 }
        #expect(count == 3)
    }
}
