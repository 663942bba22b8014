import Crypto
import Foundation
import Testing

@testable import FrameEngine

@Suite(
    "Captured metadata",
    .enabled(
        if: MetadataFixture.capturedFolder != nil,
        "captured metadata is not here; set HI_FETCH_SHARED_DATA to the folder that has it"))
struct CapturedMetadataTests {
    struct Expected: Sendable {
        let file: String
        let frames: Int
        let imageSetID: String
        /// SHA-256 over lines of `id frameNumber checksum` in order, made by a script of another language.
        let digest: String
    }

    static let documents = [
        Expected(
            file: "ct-588-instances.json", frames: 588, imageSetID: "c5fdaa101da9f693f795f433d503049d",
            digest: "8b1cf311430455463e73625eeb36a1705e43956897ad5b2e86c9d90579d5ed87"),
        Expected(
            file: "us-doppler-color-22-frames.json", frames: 22,
            imageSetID: "1e29a254a6ff080f17e9c318c7cb45af",
            digest: "1b48905f9e102a33aefcc183b1c6ca96195d7fd35743d6448a8bca274cfbfdbb"),
        Expected(
            file: "ahi-retrieve-ct-2464-frames.json", frames: 2464,
            imageSetID: "0954eb583abb38fae3c201d7be4b66bb",
            digest: "e2b5a096fc0a710e46a12b33393287869e1972edf1f4a5876bacbcc2d209345d"),
    ]

    static func digest(of plan: FramePlan) -> String {
        var hash = SHA256()
        for frame in plan.frames {
            let checksum = frame.checksum.map { String(format: "%08x", $0.crc32) } ?? "-"
            hash.update(data: Data("\(frame.imageFrameID) \(frame.frameNumber) \(checksum)\n".utf8))
        }
        return hash.finalize().map { String(format: "%02x", $0) }.joined()
    }

    @Test("gives every frame its id, number and checksum, in DICOM order", arguments: documents)
    func plansCapturedDocument(_ expected: Expected) throws {
        let folder = try #require(MetadataFixture.capturedFolder)
        let plan = try MetadataPlanner.plan(contentsOf: folder.appendingPathComponent(expected.file).path)
        #expect(plan.frames.count == expected.frames)
        #expect(plan.imageSetID.description == expected.imageSetID)
        #expect(Self.digest(of: plan) == expected.digest)
    }

    @Test("plans the same from gzip", arguments: documents)
    func plansGzip(_ expected: Expected) throws {
        let folder = try #require(MetadataFixture.capturedFolder)
        let text = try Data(contentsOf: folder.appendingPathComponent(expected.file))
        let plan = try MetadataFixture.plan(text.withUnsafeBytes { Gzip.deflate($0) })
        #expect(Self.digest(of: plan) == expected.digest)
    }

    @Test("knows the first CT slice with all its resolutions")
    func firstSlice() throws {
        let folder = try #require(MetadataFixture.capturedFolder)
        let plan = try MetadataPlanner.plan(
            contentsOf: folder.appendingPathComponent("ct-588-instances.json").path)
        let frame = try #require(plan.frames.first)
        #expect(frame.imageFrameID.description == "2732edf34d628751bfa2b690ce7eb8ea")
        #expect(frame.frameNumber == 1)
        #expect(frame.checksum == ResolutionChecksum(width: 512, height: 512, crc32: 468_169_174))
        #expect(frame.lowerResolutionChecksums.map(\.width) == [128, 256])
        #expect(frame.sizeHintInBytes == 524_288)
        #expect(frame.instance.bitsAllocated == 16)
        #expect(frame.instance.storedTransferSyntax == nil)
        #expect(frame.instance.effectiveTransferSyntax == .htj2kLosslessRPCL)
        #expect(
            frame.instance.studyInstanceUID
                == "1.2.826.0.1.3680043.8.498.56107581813499964099526783914022656701")
    }
}
