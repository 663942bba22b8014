import Testing

@testable import FrameEngine

/// Irreversible wavelets are rounded differently by different decoders (T.800 leaves it open), so that a lossy frame is
/// one of which the two decoders make different pixels, without a fault in either.
@Suite(
    "Which decoder is at fault", .enabled(if: CommandLineEncoder.openJPH.isInstalled))
struct DecoderTriageTests {
    private let pool = BufferPool()
    private let encoded: PooledBuffer
    private let native: DecodedFrame
    private let openJPEG: DecodedFrame

    init() throws {
        let samples = CommandLineEncoder.samples(count: 128 * 96, maximum: 4095, seed: 5)
        let bytes = try CommandLineEncoder.openJPH.encode(
            width: 128, height: 96, components: 1, maximum: 4095, samples: samples,
            options: ["-reversible", "false", "-qstep", "0.002", "-num_decomps", "4"])
        encoded = DecodeFixtures.buffer(bytes, pool: pool)
        native = try FrameDecoder(pool: pool, preference: .native).decode(encoded, storedAs: .htj2k)
        openJPEG = try FrameDecoder(pool: pool, preference: .openjpeg).decode(encoded, storedAs: .htj2k)
        try #require(native.array != openJPEG.array, "the decoders agree on this image: choose another")
    }

    private func finish(
        _ preference: DecoderPreference, expecting crc32: UInt32, encoded: PooledBuffer? = nil,
        cameBefore: Bool = false, evidence: EvidenceFolder? = nil
    ) -> FrameWorker.Worked {
        let known = ManifestTests.outcome(1).frame
        let instance = PlannedInstance(
            datastoreID: known.instance.datastoreID, imageSetID: known.instance.imageSetID,
            storedTransferSyntax: .htj2k, checksumType: "DECOMPRESSED")
        let frame = PlannedFrame(
            instance: instance, frameNumber: 1, imageFrameID: known.imageFrameID,
            checksum: ResolutionChecksum(width: 128, height: 96, crc32: crc32))
        let answer = encoded ?? self.encoded
        let worker = FrameWorker(
            decoder: FrameDecoder(pool: pool, preference: preference), pool: pool, number: 0)
        return worker.finish(
            frame, encoded: answer, at: .full, sink: DiscardingSink(), allowsUnverifiable: false,
            wrongAnswers: cameBefore ? [CRC32.checksum(answer)] : [], evidence: evidence)
    }

    @Test("a frame that the other decoder decodes right is verified, and the decoder is named as the cause")
    func otherIsRight() throws {
        let folder = try TemporaryFolder()
        let worked = finish(
            .auto, expecting: CRC32.checksum(openJPEG.bytes), evidence: try EvidenceFolder(folder.path))
        #expect(worked.result.outcome.status == .verified)
        #expect(worked.result.outcome.mismatchCause == .decoder)
        #expect(worked.result.outcome.decoder == "openjpeg")
        #expect(worked.wrongAnswer == nil)
        let instance = ManifestTests.instance
        let names = try folder.names(in: "\(instance.datastoreID)/\(instance.imageSetID)")
        let digits = CRC32.hexadecimal(CRC32.checksum(encoded))
        #expect(names == ["\(worked.result.outcome.frame.imageFrameID)-\(digits).jph"])
    }

    @Test("a frame that is decoded right at once has no cause")
    func firstIsRight() {
        let outcome = finish(.auto, expecting: CRC32.checksum(native.bytes)).result.outcome
        #expect(outcome.status == .verified)
        #expect(outcome.mismatchCause == nil)
        #expect(outcome.decoder == "native")
    }

    @Test(
        "the same wrong bytes again, of which the decoders make different pixels, leave a decoder under suspicion",
        arguments: DecoderPreference.allCases)
    func disagreement(preference: DecoderPreference) {
        let first = finish(preference, expecting: 1).result.outcome
        #expect(first.status == .mismatch)
        #expect(first.mismatchCause == nil)
        let second = finish(preference, expecting: 1, cameBefore: true).result.outcome
        #expect(second.status == .mismatch)
        #expect(second.mismatchCause == .decoder)
    }

    @Test("the same wrong bytes again, of which the decoders make the same pixels, are the service's fault")
    func agreement() throws {
        let samples = CommandLineEncoder.samples(count: 64 * 64, maximum: 255, seed: 6)
        let lossless = DecodeFixtures.buffer(
            try CommandLineEncoder.openJPH.encode(
                width: 64, height: 64, components: 1, maximum: 255, samples: samples,
                options: ["-reversible", "true"]), pool: pool)
        let outcome = finish(.auto, expecting: 1, encoded: lossless, cameBefore: true).result.outcome
        #expect(outcome.status == .mismatch)
        #expect(outcome.mismatchCause == .service)
    }

    @Test("a frame that no decoder can decode failed, and nothing is made of it")
    func undecodable() {
        var bytes = [UInt8](encoded.bytes)
        bytes.removeLast(bytes.count / 2)
        let outcome = finish(.auto, expecting: 1, encoded: DecodeFixtures.buffer(bytes, pool: pool)).result
            .outcome
        #expect(outcome.status == .failed)
        #expect(outcome.mismatchCause == nil)
    }

    @Test("answers beyond the limit are not kept")
    func evidenceLimit() throws {
        let folder = try TemporaryFolder()
        let evidence = try EvidenceFolder(folder.path)
        let frame = ManifestTests.outcome(1).frame
        let answer = DecodeFixtures.buffer([1, 2, 3], pool: pool)
        for number in 0..<EvidenceFolder.answersLimit + 5 {
            try evidence.keep(answer, crc32: UInt32(number), of: frame, worker: 0)
        }
        let names = try folder.names(in: "\(frame.instance.datastoreID)/\(frame.instance.imageSetID)")
        #expect(names.count == EvidenceFolder.answersLimit)
    }
}
