import Foundation
import FrameEngine
import Testing

@testable import LocalImaging

@Suite("HTJ2K encoder")
struct HTJ2KEncoderTests {
    private static func noise(_ layout: PixelLayout, seed: UInt64 = 1) -> [UInt8] {
        var generator = SplitMix64(seed: seed)
        let shift = UInt64(64 - layout.bitsPerSample)
        var bytes = [UInt8](repeating: 0, count: layout.byteCount)
        bytes.withUnsafeMutableBytes { bytes in
            for offset in stride(from: 0, to: bytes.count, by: layout.bytesPerSample) {
                let word = generator.next()
                let signed = UInt64(bitPattern: Int64(bitPattern: word) >> Int64(shift))
                let value = UInt32(truncatingIfNeeded: layout.isSigned ? signed : word >> shift)
                switch layout.bytesPerSample {
                case 1: bytes[offset] = UInt8(truncatingIfNeeded: value)
                case 2:
                    let half = UInt16(truncatingIfNeeded: value)
                    bytes.storeBytes(of: half, toByteOffset: offset, as: UInt16.self)
                default: bytes.storeBytes(of: value, toByteOffset: offset, as: UInt32.self)
                }
            }
        }
        return bytes
    }

    @Test(
        "every precision comes back from OpenJPEG bit by bit",
        arguments: [1, 2, 7, 8, 9, 12, 15, 16, 17, 20, 24, 25], [false, true])
    func precisions(bits: Int, isSigned: Bool) throws {
        let layout = PixelLayout(
            width: 131, height: 77, components: 1, bitsPerSample: bits, isSigned: isSigned)
        try expectRoundTrip(layout, colour: .grey)
    }

    @Test(
        "every size and number of components comes back from OpenJPEG bit by bit",
        arguments: [(1, 1), (1, 300), (300, 1), (64, 65), (129, 257), (513, 511), (1030, 70)], [1, 3, 4])
    func sizes(size: (width: Int, height: Int), components: Int) throws {
        for bits in [8, 16] {
            let layout = PixelLayout(
                width: size.width, height: size.height, components: components, bitsPerSample: bits,
                isSigned: false)
            try expectRoundTrip(layout, colour: components == 1 ? .grey : .rgb)
        }
    }

    private func expectRoundTrip(_ layout: PixelLayout, colour: ColourModel) throws {
        let pixels = Self.noise(layout)
        let encoder = HTJ2KEncoder()
        let pool = BufferPool()
        let decoded = try pixels.withUnsafeBytes { bytes in
            try OpenJPEGDecoder().decode(encoder.encode(bytes, layout: layout, colour: colour), pool: pool)
        }
        #expect(decoded.layout == layout)
        #expect(Array(decoded.bytes.bytes) == pixels)
    }

    @Test(
        "the frame has the parameters of the service: RPCL, 64x64 blocks, precincts, a tile-part a resolution"
    )
    func parameters() throws {
        let layout = PixelLayout(width: 512, height: 512, components: 1, bitsPerSample: 16, isSigned: true)
        let pixels = Self.noise(layout)
        let encoder = HTJ2KEncoder()
        let frame = try pixels.withUnsafeBytes {
            Array(try encoder.encode($0, layout: layout, colour: .grey))
        }
        #expect(Array(frame[85..<89]) == [0xff, 0x4f, 0xff, 0x51], "SOC follows the boxes at offset 85")
        let cod = try #require(Self.marker(0x52, in: frame))
        // Scod 1, RPCL, 1 layer, no colour transform, 3 decompositions, 64x64, HT, reversible, precincts.
        #expect(
            Array(frame[cod + 4..<cod + 18]) == [1, 2, 0, 1, 0, 3, 4, 4, 0x40, 1, 0x77, 0x88, 0x88, 0x88])
        var position = try #require(Self.marker(0x90, in: frame))
        for resolution in 0...3 {
            #expect(Array(frame[position..<position + 6]) == [0xff, 0x90, 0, 10, 0, 0])
            #expect(frame[position + 10] == UInt8(resolution))
            #expect(frame[position + 11] == 4)
            position += frame[position + 6..<position + 10].reduce(0) { $0 << 8 | Int($1) }
        }
        #expect(Array(frame[position...]) == [0xff, 0xd9])
    }

    /// The offset of the first marker segment of this kind.
    private static func marker(_ code: UInt8, in frame: [UInt8]) -> Int? {
        var position = 87
        while position + 4 < frame.count {
            if frame[position + 1] == code { return position }
            position += 2 + Int(frame[position + 2]) << 8 + Int(frame[position + 3])
        }
        return nil
    }

    @Test("the boxes are byte for byte those of the service", .enabled(if: SharedDICOM.isPresent))
    func boxes() throws {
        let folder = try #require(SharedDICOM.folder)
        let path = folder + "/../frames/healthimaging-frame-truncated.jph"
        let served = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let layout = PixelLayout(width: 512, height: 512, components: 1, bitsPerSample: 16, isSigned: true)
        #expect(JP2Boxes.header(for: layout, colour: .grey) == Array(served[..<85]))
    }

    @Test("what cannot be kept without loss is refused")
    func refusals() {
        let encoder = HTJ2KEncoder()
        let deep = PixelLayout(width: 4, height: 4, components: 1, bitsPerSample: 26, isSigned: false)
        #expect(throws: HTJ2KEncodingError.tooManyBits(bits: 26, limit: 25)) {
            try Self.noise(deep).withUnsafeBytes { _ = try encoder.encode($0, layout: deep, colour: .grey) }
        }
        let layout = PixelLayout(width: 4, height: 4, components: 1, bitsPerSample: 8, isSigned: false)
        #expect(throws: HTJ2KEncodingError.badLayout) {
            try [UInt8](repeating: 0, count: 15).withUnsafeBytes {
                _ = try encoder.encode($0, layout: layout, colour: .grey)
            }
        }
    }
}
