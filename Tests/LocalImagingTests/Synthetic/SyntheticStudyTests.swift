import Foundation
import FrameEngine
import Testing

@testable import LocalImaging

@Suite("Synthetic studies")
struct SyntheticStudyTests {
    private static func study(
        _ modality: SyntheticModality, frames: Int, side: Int = 96, seed: UInt64 = 5
    ) throws -> SyntheticStudy {
        try SyntheticStudy(modality: modality, frames: frames, width: side, height: side, seed: seed)
    }

    private static func pixels(_ study: SyntheticStudy, _ index: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xa5, count: study.layout.byteCount)
        bytes.withUnsafeMutableBytes { study.paint(frame: index, into: $0) }
        return bytes
    }

    @Test(
        "a seed gives the same bytes, another seed or frame gives others",
        arguments: SyntheticModality.allCases)
    func determinism(modality: SyntheticModality) throws {
        let first = try Self.study(modality, frames: 4)
        let again = try Self.study(modality, frames: 4)
        let other = try Self.study(modality, frames: 4, seed: 6)
        #expect(Self.pixels(first, 2) == Self.pixels(again, 2))
        #expect(Self.pixels(first, 2) != Self.pixels(first, 1))
        #expect(Self.pixels(first, 2) != Self.pixels(other, 2))
        #expect(first.uid(for: .study) == again.uid(for: .study))
        #expect(first.uid(for: .study) != other.uid(for: .study))
        #expect(first.uid(for: .study).hasPrefix("2.25.") && first.uid(for: .study).utf8.count <= 64)
    }

    @Test("the store has the same content with one worker and with many", arguments: [1, 5])
    func workers(count: Int) async throws {
        let scratch = try ScratchFolder()
        let study = try Self.study(.us, frames: 70, side: 48)
        let store = try ImageSetStore(opening: scratch.path + "/store")
        let datastore = try store.createDatastore(name: "test")
        let receipt = try await study.write(into: store, datastoreID: datastore.id, workers: count)
        let document = try MetadataDocument(of: receipt.imageSetID, in: datastore.id, at: store.path)
        #expect(document.instances.count == 2, "60 frames an instance")
        #expect(document.frames.count == 70)
        for frame in document.frames { #expect(try frame.decodedChecksum() == frame.checksum) }
        // Known from one worker; the same for any other number and on any machine.
        let digest = document.frames.map { CRC32.hexadecimal($0.checksum) }.sorted().joined()
        #expect(CRC32.checksum(Array(digest.utf8)) == Self.knownDigest)
    }

    private static let knownDigest: UInt32 = 1_645_608_287

    @Test("CT compresses as real CT does: 2.5 to 3.5 to 1")
    func compression() throws {
        let study = try Self.study(.ct, frames: 9, side: 512)
        let encoder = HTJ2KEncoder()
        var encodedBytes = 0
        for index in 0..<9 {
            try Self.pixels(study, index).withUnsafeBytes {
                encodedBytes += try encoder.encode($0, layout: study.layout, colour: .grey).count
            }
        }
        let ratio = Double(9 * study.layout.byteCount) / Double(encodedBytes)
        #expect((2.5...3.5).contains(ratio), "\(ratio)")
    }

    @Test(
        "samples stay within the bits that the attributes promise and every byte is painted",
        arguments: SyntheticModality.allCases, [17])
    func ranges(modality: SyntheticModality, side: Int) throws {
        let study = try Self.study(modality, frames: 3, side: side)
        let pixels = Self.pixels(study, 1)
        let range = try #require(
            pixels.withUnsafeBytes {
                PixelRange.of($0, layout: study.layout, bitsStored: study.layout.bitsPerSample, highBit: nil)
            })
        switch modality {
        case .ct: #expect(range.lowerBound >= -1024 && range.upperBound <= 3071 && range.count > 100)
        case .mr: #expect(range.upperBound <= 4095 && range.count > 100)
        case .us: #expect(range.upperBound <= 255)
        case .mg: #expect(range.upperBound <= 16_383 && range.count > 100)
        }
    }

    @Test("parameters outside of reason are refused")
    func refusals() {
        #expect(throws: SyntheticStudyError.frameCount(0)) { try Self.study(.ct, frames: 0) }
        #expect(throws: SyntheticStudyError.size(width: 15, height: 15)) {
            try Self.study(.ct, frames: 1, side: 15)
        }
    }
}
