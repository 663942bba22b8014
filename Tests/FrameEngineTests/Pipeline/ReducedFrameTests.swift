import Foundation
import Testing

@testable import FrameEngine

@Suite("The life of a frame at a lower resolution")
struct ReducedFrameTests {
    private let folder: TemporaryFolder
    private let directory: OutputDirectory
    private let encoded: [UInt8]
    /// By reduction: 101x60, 51x30, 26x15, 13x8.
    private let resolutions: [DecodedFrame]

    init() throws {
        folder = try TemporaryFolder()
        directory = try OutputDirectory(folder.path)
        let image = TestImage(width: 101, height: 60, planes: [.init(precision: 12, isSigned: true)])
        let bytes = try TestEncoder().encode(image)
        encoded = bytes
        resolutions = try (0...3).map { try OpenJPEGDecoder().decode(bytes, reduction: $0) }
    }

    /// A frame whose metadata lists the checksums of these reductions.
    private func frame(
        listing reductions: [Int], syntax: TransferSyntax? = nil, wrong: Bool = false
    ) throws -> PlannedFrame {
        let id = try #require(HealthImagingID(String(repeating: "a", count: 32)))
        let sums = try reductions.map { reduction in
            let layout = try #require(resolutions[reduction].layout)
            return ResolutionChecksum(
                width: layout.width, height: layout.height,
                crc32: CRC32.checksum(resolutions[reduction].bytes) ^ (wrong ? 1 : 0))
        }
        let full = zip(reductions, sums).first { $0.0 == 0 }?.1
        return PlannedFrame(
            instance: PlannedInstance(datastoreID: id, imageSetID: id, storedTransferSyntax: syntax),
            frameNumber: 1, imageFrameID: id, checksum: full,
            lowerResolutionChecksums: zip(reductions, sums).filter { $0.0 > 0 }.map(\.1))
    }

    private func process(
        _ frame: PlannedFrame, at resolution: ResolutionChoice, allowsUnverifiable: Bool = false,
        serving bytes: [UInt8]? = nil
    ) async throws -> FrameOutcome {
        let service = ScriptedService([.bytes(bytes ?? encoded)])
        let settings = AWSSettings(
            region: "us-east-1", endpoints: try HealthImagingEndpoints(custom: "http://127.0.0.1:1"),
            credentials: UnsignedRequests())
        let retry = RetryPolicy(attempts: 2, base: .microseconds(10), cap: .milliseconds(1))
        let buffers = BufferPool()
        let pipeline = FramePipeline(
            client: HealthImagingClient(transport: service, settings: settings, retry: retry),
            transport: service,
            workers: WorkerPool(count: 1, name: "test") { number in
                FrameWorker(decoder: FrameDecoder(pool: buffers), pool: buffers, number: number)
            },
            gate: RequestGate(
                slots: RequestSlots(.fixed(1)), pacer: RequestPacer(ceiling: nil), health: ServiceHealth()),
            memory: AsyncBudget(limit: 1 << 20),
            sink: FileSink(directory: directory, format: .raw, keepsCodestream: false), retry: retry,
            allowsUnverifiable: allowsUnverifiable, resolution: resolution,
            frameLimitInBytes: 1 << 20)
        return try await pipeline.process(frame).outcome
    }

    private func contents(_ outcome: FrameOutcome) throws -> [UInt8]? {
        guard let file = outcome.file else { return nil }
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.file(file))))
    }

    private func manifestLine(_ outcome: FrameOutcome) throws -> [String: Any] {
        let line = Data(outcome.manifestLine())
        return try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
    }

    @Test(
        "it is compared with the checksum of its size, written at that size, and the manifest has both",
        arguments: 1...3)
    func verified(reduction: Int) async throws {
        let frame = try frame(listing: [3, 2, 1, 0])
        let outcome = try await process(frame, at: ResolutionChoice(reduction: reduction))
        #expect(outcome.status == .verified)
        #expect(try contents(outcome) == resolutions[reduction].array)
        let line = try manifestLine(outcome)
        let crc32 = CRC32.hexadecimal(CRC32.checksum(resolutions[reduction].bytes))
        #expect(line["width"] as? Int == resolutions[reduction].layout?.width)
        #expect(line["height"] as? Int == resolutions[reduction].layout?.height)
        #expect(line["decodedBytes"] as? Int == resolutions[reduction].bytes.count)
        #expect(line["reduction"] as? Int == reduction)
        #expect(line["resolution"] as? String == "reduce \(reduction)")
        for key in ["crc32", "crc32Expected", "fileCrc32"] {
            #expect(line[key] as? String == crc32, "\(key)")
        }
        #expect(line["unverifiableReason"] is NSNull)
    }

    @Test("where the metadata has no checksum for its size it is unverifiable with that reason, not verified")
    func unlisted() async throws {
        let frame = try frame(listing: [2, 0])
        let refused = try await process(frame, at: ResolutionChoice(reduction: 1))
        #expect(refused.status == .unverifiable)
        #expect(refused.file == nil)
        #expect(try manifestLine(refused)["unverifiableReason"] as? String == "no-checksum-for-resolution")
        #expect(try manifestLine(refused)["crc32Expected"] is NSNull)
        let allowed = try await process(
            frame, at: ResolutionChoice(reduction: 1), allowsUnverifiable: true)
        #expect(allowed.status == .unverifiable)
        #expect(try contents(allowed) == resolutions[1].array)
        var progress = FetchProgress()
        progress.count(allowed)
        #expect(progress.framesByUnverifiableReason == ["no-checksum-for-resolution": 1])
        #expect(progress.framesByReduction == ["1": 1])
    }

    @Test("a wrong checksum of its size is a mismatch and never written")
    func mismatch() async throws {
        let outcome = try await process(
            try frame(listing: [1, 0], wrong: true), at: ResolutionChoice(reduction: 1),
            allowsUnverifiable: true)
        #expect(outcome.status == .mismatch)
        #expect(outcome.attempts == 2)
        #expect(try folder.names() == [])
    }

    @Test(
        "a frame kept as imported is proved by its stored bytes and written reduced, with that file's checksum"
    )
    func keptAsImported() async throws {
        let planned = try frame(listing: [], syntax: .jpeg2000)
        let sum = ResolutionChecksum(width: 101, height: 60, crc32: CRC32.checksum(encoded))
        let frame = PlannedFrame(
            instance: planned.instance, frameNumber: 1, imageFrameID: planned.imageFrameID, checksum: sum)
        let outcome = try await process(frame, at: ResolutionChoice(reduction: 2))
        #expect(outcome.status == .verified)
        #expect(outcome.crc32 == sum.crc32)
        #expect(outcome.fileCRC32 == CRC32.checksum(resolutions[2].bytes))
        #expect(try contents(outcome) == resolutions[2].array)
    }

    @Test("a frame with fewer levels is taken at its lowest, recorded and counted")
    func fewerLevels() async throws {
        let choice = ResolutionChoice(reduction: 7, onShortage: .takeLowest)
        let outcome = try await process(try frame(listing: [3, 2, 1, 0]), at: choice)
        #expect(outcome.status == .verified)
        #expect(outcome.reduction == 3)
        var progress = FetchProgress()
        progress.count(outcome)
        #expect(progress.framesLackingResolution == 1)
        #expect(progress.framesByReduction == ["3": 1])
    }

    @Test("a frame that failed before it was decoded states no checksum of another resolution")
    func failed() async throws {
        let outcome = try await process(
            try frame(listing: [1, 0]), at: ResolutionChoice(reduction: 1), serving: Array("<html>".utf8))
        #expect(outcome.status == .failed)
        #expect(try manifestLine(outcome)["crc32Expected"] is NSNull)
        #expect(try manifestLine(outcome)["reduction"] is NSNull)
    }
}
