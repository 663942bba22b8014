import Foundation
import FrameEngine
import Testing

@testable import LocalImaging

@Suite("Encapsulated pixel data of an import")
struct EncapsulatedTests {
    private static let layout = PixelLayout(
        width: 40, height: 30, components: 1, bitsPerSample: 16, isSigned: false)

    /// A bare HTJ2K codestream of a frame.
    private static func codestream(_ seed: Int) throws -> (pixels: [UInt8], bytes: [UInt8]) {
        let pixels = PixelKindTests.ramp(layout.byteCount, step: seed)
        let boxed = try pixels.withUnsafeBytes {
            Array(try HTJ2KEncoder().encode($0, layout: layout, colour: .grey))
        }
        return (pixels, Array(boxed[85...]))
    }

    private static func builder(_ syntax: String, frames: Int) -> DICOMFileBuilder {
        var builder = DICOMFileBuilder()
        builder.transferSyntax = syntax
        builder.setImage(rows: 30, columns: 40, allocated: 16, frames: frames)
        return builder
    }

    /// In two fragments, the first of even length.
    private static func halves(_ bytes: [UInt8]) -> [[UInt8]] {
        let middle = bytes.count / 4 * 2
        return [Array(bytes[..<middle]), Array(bytes[middle...])]
    }

    @Test(
        "HTJ2K lossless is decoded and encoded again, however its fragments are arranged",
        arguments: ["1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202"])
    func htj2k(syntax: String) throws {
        let frames = try [3, 5, 7].map { try Self.codestream($0) }
        let expected = frames.map(\.pixels)
        var builder = Self.builder(syntax, frames: 3)
        builder.pixelData = .fragments(frames.map(\.bytes), offsets: [])
        #expect(try PixelKindTests.pixels(builder) == expected, "a fragment a frame")
        let parts = frames.flatMap { Self.halves($0.bytes) }
        builder.pixelData = .fragments(parts, offsets: [])
        #expect(try PixelKindTests.pixels(builder) == expected, "found by the codestreams' starts")
        var offsets: [UInt32] = []
        var position = 0
        for (index, part) in parts.enumerated() {
            if index % 2 == 0 { offsets.append(UInt32(position)) }
            position += 8 + (part.count + 1) / 2 * 2
        }
        builder.pixelData = .fragments(parts, offsets: offsets)
        #expect(try PixelKindTests.pixels(builder) == expected, "by the basic offset table")
        builder.pixelData = .fragments(parts, offsets: [0, 4, 8])
        #expect(throws: DICOMFileError.self) { try PixelKindTests.output(builder) }
    }

    @Test(
        "what the service keeps is stored byte for byte with the checksum of the bytes",
        arguments: ["1.2.840.10008.1.2.4.203", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.50"])
    func kept(syntax: String) throws {
        var builder = Self.builder(syntax, frames: 2)
        let frames: [[UInt8]] = [PixelKindTests.ramp(100), PixelKindTests.ramp(64, step: 3)]
        builder.pixelData = .fragments(frames, offsets: [])
        let output = try PixelKindTests.output(builder)
        #expect(output.syntax?.uid == syntax)
        #expect(output.frames.map(\.bytes) == frames)
        #expect(output.frames.map(\.document.checksum.crc32) == frames.map { CRC32.checksum($0) })
    }

    @Test("a video is one object, whatever its number of frames")
    func video() throws {
        var builder = Self.builder("1.2.840.10008.1.2.4.102", frames: 250)
        builder.pixelData = .fragments([PixelKindTests.ramp(10), PixelKindTests.ramp(20)], offsets: [])
        let output = try PixelKindTests.output(builder)
        #expect(output.frames.map(\.bytes) == [PixelKindTests.ramp(10) + PixelKindTests.ramp(20)])
    }

    private static let tools = ["dcmconv", "dcmcrle", "dcmcjpeg", "dcmcjpls"].map { "/usr/bin/" + $0 }
    private static let hasTools = tools.allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }

    @Test(
        "lossless encodings made by DCMTK's tools decode to the original pixels",
        .enabled(if: hasTools, "the package dcmtk is not installed"),
        arguments: [
            ["dcmconv", "+td"], ["dcmconv", "+te"], ["dcmconv", "+tb"], ["dcmconv", "+ti"], ["dcmcrle"],
            ["dcmcjpeg", "+e1"], ["dcmcjpeg", "+el"], ["dcmcjpls"],
        ], [(1, 8, 0), (1, 16, 0), (3, 8, 0), (3, 8, 1)])
    func dcmtkTools(
        command: [String], image: (samples: Int, bits: Int, planar: Int)
    ) throws {
        var builder = DICOMFileBuilder()
        // dcmcjpeg mixes up the planes of several frames; pydicom reads its output as we do.
        let frames = image.planar == 1 ? 1 : 3
        builder.setImage(
            rows: 31, columns: 33, samples: image.samples,
            photometric: image.samples == 3 ? "RGB" : "MONOCHROME2",
            allocated: image.bits, isPlanar: image.planar == 1, frames: frames)
        let pixels = PixelKindTests.ramp(31 * 33 * image.samples * image.bits / 8 * frames)
        builder.pixelData = .native(pixels, vr: image.bits == 8 ? "OB" : "OW")
        let expected = try PixelKindTests.pixels(builder)
        let scratch = try ScratchFolder()
        try scratch.write(builder.bytes(), to: "in.dcm")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/" + command[0])
        process.arguments = command.dropFirst() + ["in.dcm", "out.dcm"]
        process.currentDirectoryURL = URL(fileURLWithPath: scratch.path)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        let file = try DICOMFile(contentsOf: scratch.path + "/out.dcm", limit: 1 << 26)
        let output = try InstanceTranscoder(verifiesEncoding: true).transcode(file)
        let checksums = output.frames.map(\.document.checksum.crc32)
        #expect(checksums == expected.map { CRC32.checksum($0) }, "\(file.transferSyntax)")
    }
}
