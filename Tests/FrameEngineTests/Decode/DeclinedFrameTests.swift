import Testing

@testable import FrameEngine

/// What the native decoder declines goes to OpenJPEG, and the reason is told all the way to the report.
@Suite("Declined frames", .enabled(if: CommandLineEncoder.openJPH.isInstalled))
struct DeclinedFrameTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let word: String
        /// Whether OpenJPEG decodes it; else it refuses what the native decoder leaves to it.
        let decodes: Bool
        let make: @Sendable () throws -> [UInt8]
        var testDescription: String { word }
    }

    static let cases: [Case] = [
        Case(word: "part1-blocks", decodes: true) {
            let plane = TestImage.Plane(precision: 12, isSigned: false)
            return try TestEncoder().encode(TestImage(width: 65, height: 40, planes: [plane]))
        },
        // RGN, A.6.3: an implicit region with a shift of 0 leaves the pixels as they are.
        Case(word: "roi", decodes: true) { try inserted([0xff, 0x5e, 0, 5, 0, 0, 0]) },
        // A marker segment that no part of the standard that we know defines.
        Case(word: "extension", decodes: true) { try inserted([0xff, 0x7a, 0, 4, 1, 2]) },
        // PPM, A.7.4, without a packet header in it.
        Case(word: "packed-headers", decodes: false) { try inserted([0xff, 0x60, 0, 3, 0]) },
        // POC, A.6.6, with 65 records.
        Case(word: "progressions", decodes: false) {
            let record: [UInt8] = [0, 0, 0, 1, 33, 1, 2]
            let records = [[UInt8]](repeating: record, count: 65).flatMap { $0 }
            return try inserted([0xff, 0x5f, 1, 0xc9] + records)
        },
        // Code-block style: HT with selective arithmetic bypass.
        Case(word: "block-style", decodes: true) { try patched(marker: 0xff52, at: 12, to: 0x41) },
        // A component of 29 bits.
        Case(word: "precision", decodes: true) { try patched(marker: 0xff51, at: 40, to: 28) },
        // The irreversible wavelet with the exponents of the reversible one.
        Case(word: "quantization", decodes: true) { try patched(marker: 0xff52, at: 13, to: 0) },
        // RCT over components of 8, 9 and 8 bits.
        Case(word: "components", decodes: true) {
            try patched(marker: 0xff51, at: 43, to: 8, components: 3)
        },
    ]

    private static func stream(components: Int = 1) throws -> [UInt8] {
        var options = ["-reversible", "true", "-num_decomps", "2"]
        if components == 3 { options += ["-colour_trans", "true"] }
        return try HTJ2KFixtures.Form(width: 65, height: 40, components: components, options: options)
            .encode()
    }

    /// The stream with a marker segment in front of its first tile-part.
    private static func inserted(_ segment: [UInt8]) throws -> [UInt8] {
        var bytes = try stream()
        let offset = try bytes.withUnsafeBytes { try CodestreamHeader(parsing: $0).firstTilePartOffset }
        bytes.insert(contentsOf: segment, at: offset)
        return bytes
    }

    /// The stream with another byte at an offset from a marker.
    private static func patched(
        marker: Int, at offset: Int, to value: UInt8, components: Int = 1
    ) throws -> [UInt8] {
        var bytes = try stream(components: components)
        let place = try #require(
            bytes.indices.dropLast().first { Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]) == marker })
        bytes[place + offset] = value
        return bytes
    }

    private static func frame() throws -> PlannedFrame {
        let id = try #require(HealthImagingID(String(repeating: "c", count: 32)))
        return PlannedFrame(
            instance: PlannedInstance(datastoreID: id, imageSetID: id), frameNumber: 1, imageFrameID: id)
    }

    @Test("the native decoder alone says why, in one word", arguments: cases)
    func nativeAlone(declined: Case) throws {
        let pool = BufferPool()
        let encoded = DecodeFixtures.buffer(try declined.make(), pool: pool)
        let error = #expect(throws: DecodeError.self) {
            try FrameDecoder(pool: pool, preference: .native).decode(encoded, storedAs: .htj2kLosslessRPCL)
        }
        #expect(error?.kind == .unsupported)
        #expect(error?.message.contains("(\(declined.word))") == true, "\(error?.message ?? "")")
        #expect(error?.isRetryable == false)
    }

    @Test(
        "OpenJPEG's pixels come instead, and manifest and report name the decoder and the reason",
        arguments: cases)
    func fallback(declined: Case) throws {
        let pool = BufferPool()
        let encoded = DecodeFixtures.buffer(try declined.make(), pool: pool)
        let alone = Result {
            try FrameDecoder(pool: pool, preference: .openjpeg).decode(encoded, storedAs: .htj2kLosslessRPCL)
        }
        let worker = FrameWorker(decoder: FrameDecoder(pool: pool), pool: pool, number: 0)
        let sink = KeepingSink()
        let outcome = worker.finish(
            try Self.frame(), encoded: encoded, at: .full, sink: sink, allowsUnverifiable: true
        ).result.outcome
        var progress = FetchProgress()
        progress.count(outcome)
        switch alone {
        case .success(let expected):
            #expect(declined.decodes)
            #expect(outcome.status == .unverifiable)
            #expect(outcome.decoder == "openjpeg")
            #expect(outcome.fallbackReason == declined.word)
            #expect(outcome.crc32 == CRC32.checksum(expected.bytes))
            #expect(sink.frames.withLock { $0 } == [expected.array])
            #expect(progress.framesByDecoder == ["openjpeg": 1])
            #expect(progress.framesByFallbackReason == [declined.word: 1])
            let line = String(decoding: outcome.manifestLine(), as: UTF8.self)
            #expect(line.contains(#""decoder":"openjpeg""#))
        case .failure:
            #expect(!declined.decodes)
            #expect(outcome.status == .failed)
            #expect(outcome.failure?.stage == .decode)
            #expect(outcome.failure?.message.contains("(\(declined.word))") == true)
        }
    }

    @Test("a frame that the native decoder decodes has no reason")
    func notDeclined() throws {
        let pool = BufferPool()
        let encoded = DecodeFixtures.buffer(try Self.stream(), pool: pool)
        let frame = try FrameDecoder(pool: pool).decode(encoded, storedAs: .htj2kLosslessRPCL)
        #expect(frame.decoder == "native" && frame.fallbackReason == nil)
    }
}

/// Keeps what it is given, and writes nothing.
private final class KeepingSink: FrameSink {
    let frames = Shared<[[UInt8]]>([])

    func write(_ accepted: AcceptedFrame, worker: Int) throws(WriteError) -> WrittenFrame? {
        frames.withLock { $0.append([UInt8](accepted.decoded.bytes.bytes)) }
        return nil
    }
}
