import Foundation
import FrameEngine
import Testing

@testable import LocalImaging

@Suite("Pixel kinds of an import")
struct PixelKindTests {
    /// Transcodes a file that a builder describes.
    static func output(_ builder: DICOMFileBuilder) throws -> InstanceTranscoder.Output {
        var bytes = builder.bytes()
        let file = try DICOMFile(&bytes, limit: 1 << 26)
        return try InstanceTranscoder(verifiesEncoding: true).transcode(file)
    }

    /// The pixels that a client gets of each frame; checks that the checksums are theirs.
    static func pixels(_ builder: DICOMFileBuilder) throws -> [[UInt8]] {
        let output = try output(builder)
        #expect(output.syntax == .htj2kLosslessRPCL)
        return try output.frames.map { frame in
            let decoded = try frame.bytes.withUnsafeBytes {
                try OpenJPEGDecoder().decode($0, pool: BufferPool())
            }
            #expect(CRC32.checksum(decoded.bytes.bytes) == frame.document.checksum.crc32)
            #expect(frame.document.sizeInBytes == frame.bytes.count)
            return Array(decoded.bytes.bytes)
        }
    }

    static func ramp(_ count: Int, step: Int = 7) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* step &+ $0 / 11) }
    }

    @Test(
        "native 16-bit pixels of every byte order come out little-endian",
        arguments: [
            (DICOMFileBuilder.Encoding.implicitLittleEndian, "1.2.840.10008.1.2"),
            (.explicitLittleEndian, "1.2.840.10008.1.2.1"), (.explicitBigEndian, "1.2.840.10008.1.2.2"),
        ])
    func byteOrders(encoding: DICOMFileBuilder.Encoding, syntax: String) throws {
        var builder = DICOMFileBuilder()
        builder.encoding = encoding
        builder.transferSyntax = syntax
        // Numbers are written in the builder's byte order, so the identifiers of the initialiser stay text.
        builder.setImage(rows: 5, columns: 7, allocated: 16, isSigned: true)
        let values = (0..<35).map { Int16($0 * 900 - 16_000) }
        builder.pixelData = .native(values.flatMap { builder.number($0) }, vr: "OW")
        let expected = values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }
        #expect(try Self.pixels(builder) == [expected])
        #expect(try Self.output(builder).frames[0].document.pixelValues == -16_000...14_600)
    }

    @Test("8-bit pixels in big-endian words come out in their order, an odd number of them too")
    func bytesInBigEndianWords() throws {
        var builder = DICOMFileBuilder()
        builder.encoding = .explicitBigEndian
        builder.transferSyntax = "1.2.840.10008.1.2.2"
        builder.setImage(rows: 3, columns: 5, allocated: 8)
        let pixels = Self.ramp(15)
        // The first pixel is the low byte of the first word (PS3.5, 8.1.1).
        let padded = pixels + [0]
        var words = padded
        for index in padded.indices { words[index ^ 1] = padded[index] }
        builder.pixelData = .native(words, vr: "OW")
        #expect(try Self.pixels(builder) == [pixels])
    }

    @Test("planes become pixels", arguments: [8, 16])
    func planes(bits: Int) throws {
        var builder = DICOMFileBuilder()
        builder.setImage(rows: 3, columns: 5, samples: 3, photometric: "RGB", allocated: bits, isPlanar: true)
        let bytes = bits / 8
        let planes = Self.ramp(45 * bytes)
        builder.pixelData = .native(planes, vr: bits == 8 ? "OB" : "OW")
        var expected: [UInt8] = []
        for pixel in 0..<15 {
            for plane in 0..<3 {
                let start = (plane * 15 + pixel) * bytes
                expected += planes[start..<start + bytes]
            }
        }
        #expect(try Self.pixels(builder) == [expected])
    }

    @Test("colour is never converted: luminance, palette indices and inverted grey stay as they are")
    func noColourConversion() throws {
        for (photometric, samples) in [("YBR_FULL", 3), ("PALETTE COLOR", 1), ("MONOCHROME1", 1)] {
            var builder = DICOMFileBuilder()
            builder.setImage(rows: 4, columns: 3, samples: samples, photometric: photometric, allocated: 8)
            let pixels = Self.ramp(12 * samples)
            builder.pixelData = .native(pixels, vr: "OB")
            #expect(try Self.pixels(builder) == [pixels], "\(photometric)")
        }
    }

    @Test("two pixels that share their colour differences are expanded")
    func subsampled() throws {
        var builder = DICOMFileBuilder()
        builder.setImage(rows: 1, columns: 4, samples: 3, photometric: "YBR_FULL_422", allocated: 8)
        builder.pixelData = .native([10, 11, 100, 200, 12, 13, 101, 201], vr: "OB")
        #expect(try Self.pixels(builder) == [[10, 100, 200, 11, 100, 200, 12, 101, 201, 13, 101, 201]])
    }

    @Test("frames come in their order, each with its own checksum")
    func frames() throws {
        var builder = DICOMFileBuilder()
        builder.setImage(rows: 3, columns: 3, allocated: 8, frames: 5)
        let all = Self.ramp(45)
        builder.pixelData = .native(all, vr: "OB")
        #expect(try Self.pixels(builder) == (0..<5).map { Array(all[$0 * 9..<$0 * 9 + 9]) })
    }

    @Test("signed samples without sign bits get them; the unused bits of unsigned samples stay")
    func unusedBits() throws {
        var builder = DICOMFileBuilder()
        builder.setImage(rows: 1, columns: 2, allocated: 16, stored: 12, isSigned: true)
        builder.pixelData = .native([0x00, 0x08, 0xff, 0x07], vr: "OW")
        #expect(try Self.pixels(builder) == [[0x00, 0xf8, 0xff, 0x07]])
        #expect(try Self.output(builder).frames[0].document.pixelValues == -2048...2047)
        builder.setImage(rows: 1, columns: 2, allocated: 16, stored: 12, isSigned: false)
        builder.pixelData = .native([0x01, 0x18, 0xff, 0x07], vr: "OW")
        #expect(try Self.pixels(builder) == [[0x01, 0x18, 0xff, 0x07]])
        #expect(try Self.output(builder).frames[0].document.pixelValues == 2047...2049)
    }

    @Test("32-bit samples are kept without loss where their values allow it, and refused where not")
    func wideSamples() throws {
        var builder = DICOMFileBuilder()
        builder.setImage(rows: 1, columns: 3, allocated: 32, isSigned: true)
        let values: [Int32] = [-16_000_000, 3, 16_000_000]
        builder.pixelData = .native(values.flatMap { builder.number($0) }, vr: "OW")
        #expect(try Self.pixels(builder) == [values.flatMap { builder.number($0) }])
        let wide: [Int32] = [0, 3, Int32.max]
        builder.pixelData = .native(wide.flatMap { builder.number($0) }, vr: "OW")
        let error = #expect(throws: DICOMFileError.self) { try Self.output(builder) }
        #expect(error?.kind == .unsupported && error?.description.contains("32 bits") == true)
    }

    @Test("one-bit frames are stored as imported, each from a byte of its own")
    func binarySegmentation() throws {
        var builder = DICOMFileBuilder()
        builder.setImage(rows: 3, columns: 3, allocated: 1, frames: 3)
        // 27 bits: 1s in the first frame, 0s in the second, 101010101 in the third.
        builder.pixelData = .native([0xff, 0x01, 0x00 | 0x04 | 0x10 | 0x40, 0x01 | 0x04], vr: "OB")
        let output = try Self.output(builder)
        #expect(output.syntax == .explicitVRLittleEndian)
        #expect(output.frames.map(\.bytes) == [[0xff, 0x01], [0x00, 0x00], [0x55, 0x01]])
        for frame in output.frames {
            #expect(frame.document.checksum.crc32 == CRC32.checksum(frame.bytes))
            #expect(frame.document.pixelValues == nil)
        }
    }

    @Test("an instance without pixel data has no frames")
    func noPixelData() throws {
        let output = try Self.output(DICOMFileBuilder())
        #expect(output.syntax == nil && output.frames.isEmpty)
    }

    @Test("what cannot be imported is refused with its reason")
    func refusals() throws {
        func expectRefusal(_ word: String, _ change: (inout DICOMFileBuilder) -> Void) {
            var builder = DICOMFileBuilder()
            builder.setImage(rows: 2, columns: 2, allocated: 16)
            builder.pixelData = .native([UInt8](repeating: 0, count: 8), vr: "OW")
            change(&builder)
            let error = #expect(throws: DICOMFileError.self) { try Self.output(builder) }
            #expect(error?.description.contains(word) == true, "\(word): \(String(describing: error))")
        }
        expectRefusal("need 16") { $0.set(0x0028_0008, "IS", "2") }
        expectRefusal("NumberOfFrames") { $0.set(0x0028_0008, "IS", "-1") }
        expectRefusal("BitsAllocated 12") { $0.set(0x0028_0100, 12) }
        expectRefusal("BitsStored 17") { $0.set(0x0028_0101, 17) }
        expectRefusal("Rows or Columns") { $0.remove(0x0028_0010) }
        expectRefusal("samples per pixel") { $0.set(0x0028_0002, 5) }
        expectRefusal("float") { $0.set(0x7fe0_0008, "OF", bytes: [0, 0, 0, 0]) }
        expectRefusal("1.2.840.10008.1.2.4.110 is not supported") {
            $0.transferSyntax = "1.2.840.10008.1.2.4.110"
            $0.pixelData = .fragments([[0xff, 0x0a]], offsets: [])
        }
        expectRefusal("frames are announced") {
            $0.transferSyntax = "1.2.840.10008.1.2.4.50"
            $0.set(0x0028_0008, "IS", "3")
            $0.pixelData = .fragments([[0xff, 0xd8], [0xff, 0xd9]], offsets: [])
        }
    }
}
