import Foundation
import FrameEngine
import Testing

@testable import LocalImaging

/// Below 8 bits DCMTK's decoder knows other default thresholds than the standard (T.87 C.2.4.1.1.1).
@Suite("JPEG-LS of less than 8 bits")
struct LowPrecisionJPEGLSTests {
    private static let side = 16

    /// A texture whose gradients meet every threshold.
    private static func texture(bits: Int) -> [UInt8] {
        (0..<side * side).map { index in
            let (x, y) = (index % side, index / side)
            return UInt8(((x * x + 3 * y * y) / 9 + x * y % 5) % (1 << bits))
        }
    }

    /// The texture as CharLS 2.4 encodes it, which follows the standard; without preset parameters.
    private static let seven = """
        ffd8fff7000b070010001001011100ffda0008010100000000ee5efdbdbb44468842544105a22fa24fa217f48408a240b4982861ada1
        a5a112892952922d24400d14313322888898b2334245f23712091015440a9a054c1ea0f504ba135ee92a824c102d10ec8255b059adda
        6b8f938781680971001bd8250ceab0d2d09484d3b3169820ffd9
        """
    private static let six = """
        ffd8fff7000b060010001001011100ffda0008010100000000ee5eff3dbb44468842544105a22fa24fa217f48408a240a42c1430d4d1
        ab422512a54a48b49105a286261238824482c8cd084fe232b409080aa102a04815020d68002b4045211af755221090080054487b6cfb
        6618cb3b4c9dec6043b016405f2020aeb02a4e7375601ab152400549752a6982ffd9
        """
    private static let sevenWithinTwo = """
        ffd8fff7000b070010001001011100ffda0008010100020000f9d666dfcd75266cbadde4cf26d3367ee76fbedb926699ef3dcd274d96
        c6d3d3b2aa7e77b277c9c9cb46f92b0eccdcce5e9da665ff7980ffd9
        """

    private static func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = hexadecimal.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    private static func builder(bits: Int, frames: Int? = nil) -> DICOMFileBuilder {
        var builder = DICOMFileBuilder()
        builder.transferSyntax = "1.2.840.10008.1.2.4.80"
        builder.setImage(rows: side, columns: side, allocated: 8, stored: bits, frames: frames)
        return builder
    }

    private static func farthest(_ first: [UInt8], _ second: [UInt8]) -> Int {
        zip(first, second).map { abs(Int($0) - Int($1)) }.max() ?? 0
    }

    @Test("streams of a standard encoder decode to their pixels", arguments: [(7, seven), (6, six)])
    func lossless(bits: Int, stream: String) throws {
        var builder = Self.builder(bits: bits)
        builder.pixelData = .fragments([Self.bytes(stream)], offsets: [])
        #expect(try PixelKindTests.pixels(builder) == [Self.texture(bits: bits)])
    }

    @Test("a stream that may differ by two from its pixels differs by two at most")
    func nearLossless() throws {
        var builder = Self.builder(bits: 7)
        builder.transferSyntax = "1.2.840.10008.1.2.4.81"
        builder.pixelData = .fragments([Self.bytes(Self.sevenWithinTwo)], offsets: [])
        let pixels = try #require(try PixelKindTests.pixels(builder).first)
        #expect(pixels.count == Self.side * Self.side)
        #expect(Self.farthest(pixels, Self.texture(bits: 7)) == 2)
    }

    @Test("frames in several fragments are found by the offset table")
    func fragments() throws {
        var builder = Self.builder(bits: 7, frames: 2)
        let stream = Self.bytes(Self.seven)
        let halves = [Array(stream[..<64]), Array(stream[64...])]
        builder.pixelData = .fragments(halves + halves, offsets: [0, UInt32(stream.count + 16)])
        let texture = Self.texture(bits: 7)
        #expect(try PixelKindTests.pixels(builder) == [texture, texture])
    }

    @Test("a cut or damaged header ends in an error of the file")
    func damage() throws {
        let stream = Self.bytes(Self.seven)
        for count in stride(from: 0, to: 40, by: 1) {
            var builder = Self.builder(bits: 7)
            builder.pixelData = .fragments([Array(stream[..<count])], offsets: [])
            #expect(throws: DICOMFileError.self) { try PixelKindTests.output(builder) }
        }
        for place in 2..<26 {
            var damaged = stream
            damaged[place] ^= 0xff
            var builder = Self.builder(bits: 7)
            builder.pixelData = .fragments([damaged], offsets: [])
            // Bytes that say nothing, as a component's number, may be damaged without harm.
            if let output = try? PixelKindTests.output(builder) { #expect(output.frames.count == 1) }
        }
    }

    private static let encoder = "/usr/bin/dcmcjpls"

    @Test(
        "what DCMTK's own encoder wrote with its other thresholds is read as before",
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: encoder), "the package dcmtk is not installed"))
    func writtenByDCMTK() throws {
        var builder = DICOMFileBuilder()
        builder.setImage(rows: Self.side, columns: Self.side, allocated: 8, stored: 7)
        builder.pixelData = .native(Self.texture(bits: 7), vr: "OB")
        let scratch = try ScratchFolder()
        try scratch.write(builder.bytes(), to: "in.dcm")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.encoder)
        process.arguments = ["+en", "in.dcm", "out.dcm"]
        process.currentDirectoryURL = URL(fileURLWithPath: scratch.path)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        let file = try DICOMFile(contentsOf: scratch.path + "/out.dcm", limit: 1 << 26)
        let frame = try #require(try InstanceTranscoder(verifiesEncoding: true).transcode(file).frames.first)
        let decoded = try frame.bytes.withUnsafeBytes { try OpenJPEGDecoder().decode($0, pool: BufferPool()) }
        // The encoder's default is near-lossless by 2.
        #expect(Self.farthest(Array(decoded.bytes.bytes), Self.texture(bits: 7)) <= 2)
    }
}
