import Foundation
import Testing

@testable import FrameEngine

@Suite("The life of a frame")
struct FramePipelineTests {
    /// Frames of native little-endian syntax pass through as stored, so any bytes with the right checksum are a frame.
    private static let pixels: [UInt8] = (0..<5_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    private let folder: TemporaryFolder
    private let directory: OutputDirectory

    init() throws {
        folder = try TemporaryFolder()
        directory = try OutputDirectory(folder.path)
    }

    private func frame(
        _ number: Int = 1, crc32: UInt32? = CRC32.checksum(pixels),
        storedAs syntax: TransferSyntax = .explicitVRLittleEndian
    ) throws -> PlannedFrame {
        let hexadecimal = String(number, radix: 16)
        let instance = PlannedInstance(
            datastoreID: try #require(HealthImagingID(String(repeating: "a", count: 32))),
            imageSetID: try #require(HealthImagingID(String(repeating: "b", count: 32))),
            storedTransferSyntax: syntax)
        return PlannedFrame(
            instance: instance, frameNumber: number,
            imageFrameID: try #require(
                HealthImagingID(String(repeating: "0", count: 32 - hexadecimal.count) + hexadecimal)),
            checksum: crc32.map { ResolutionChecksum(width: 50, height: 100, crc32: $0) })
    }

    private func pipeline(
        _ service: ScriptedService, attempts: Int = 4, allowsUnverifiable: Bool = false, requests: Int = 8,
        health: ServiceHealth = ServiceHealth()
    ) throws -> FramePipeline {
        let settings = AWSSettings(
            region: "us-east-1", endpoints: try HealthImagingEndpoints(custom: "http://127.0.0.1:1"),
            credentials: UnsignedRequests())
        let retry = RetryPolicy(attempts: attempts, base: .microseconds(10), cap: .milliseconds(1))
        let buffers = BufferPool()
        return FramePipeline(
            client: HealthImagingClient(transport: service, settings: settings, retry: retry),
            transport: service,
            workers: WorkerPool(count: 2, name: "test") { number in
                FrameWorker(decoder: FrameDecoder(pool: buffers), pool: buffers, number: number)
            },
            gate: RequestGate(
                slots: RequestSlots(.fixed(requests)), pacer: RequestPacer(ceiling: nil), health: health),
            memory: AsyncBudget(limit: 1 << 20),
            sink: FileSink(directory: directory, format: .raw, keepsCodestream: false), retry: retry,
            allowsUnverifiable: allowsUnverifiable, frameLimitInBytes: 1 << 20)
    }

    private func contents(_ outcome: FrameOutcome) throws -> [UInt8]? {
        guard let file = outcome.file else { return nil }
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.file(file))))
    }

    @Test("a frame with the right checksum is on disk, whole, and says so")
    func verified() async throws {
        let service = ScriptedService([.bytes(Self.pixels)])
        let outcome = try await pipeline(service).process(try frame()).outcome
        #expect(outcome.status == .verified)
        #expect(outcome.attempts == 1)
        #expect(outcome.decoder == "as-stored")
        #expect(outcome.fileCRC32 == CRC32.checksum(Self.pixels))
        #expect(try contents(outcome) == Self.pixels)
    }

    @Test("throttling, server errors and broken connections are tried again until the frame is there")
    func retries() async throws {
        let service = ScriptedService([
            .status(429, code: "ThrottlingException"), .status(503, code: "ServiceUnavailable"), .broken,
            .bytes(Self.pixels),
        ])
        let outcome = try await pipeline(service).process(try frame()).outcome
        #expect(outcome.status == .verified)
        #expect(outcome.attempts == 4)
        #expect(
            outcome.retriesByError == [
                "request/ThrottlingException": 1, "request/ServiceUnavailable": 1, "transport/curl-56": 1,
            ])
    }

    @Test("attempts are bounded, and the last error is the frame's")
    func bounded() async throws {
        let service = ScriptedService([.status(500, code: "InternalServerException")])
        let outcome = try await pipeline(service, attempts: 3).process(try frame()).outcome
        #expect(outcome.status == .failed)
        #expect(outcome.attempts == 3)
        #expect(service.requests.value == 3)
        #expect(outcome.failure?.stage == .request)
        #expect(outcome.failure?.code.contains("InternalServerException") == true)
        #expect(outcome.file == nil)
    }

    @Test("throttling is waited out for longer than other errors, and not for ever")
    func throttled() async throws {
        let service = ScriptedService(
            Array(repeating: .status(429, code: "ThrottlingException"), count: 9) + [.bytes(Self.pixels)])
        let outcome = try await pipeline(service, attempts: 3).process(try frame()).outcome
        #expect(outcome.status == .verified)
        #expect(outcome.attempts == 10)
        let endless = ScriptedService([.status(429, code: "ThrottlingException")])
        #expect(try await pipeline(endless, attempts: 3).process(try frame()).outcome.status == .failed)
        #expect(endless.requests.value == 12)
    }

    @Test(
        "an outage of a service that answered before is waited out, however many attempts were used up",
        arguments: [3, 9, 40])
    func outage(_ broken: Int) async throws {
        let pixels = ScriptedService.Answer.bytes(Self.pixels)
        let service = ScriptedService([pixels] + Array(repeating: .broken, count: broken) + [pixels])
        let pipeline = try pipeline(service, attempts: 3)
        _ = try await pipeline.process(try frame(1))
        let outcome = try await pipeline.process(try frame(2)).outcome
        #expect(outcome.status == .verified)
        // Beyond its attempts nobody asks for the frame until the service has shown that it is there.
        #expect(outcome.attempts == 4)
        #expect(service.requests.value == broken + 3)
    }

    @Test(
        "frames that fail alone are no outage, also when they are the last: the service is asked for a frame it had",
        arguments: [.status(500, code: "InternalServerException"), .broken] as [ScriptedService.Answer])
    func lastFrames(_ failure: ScriptedService.Answer) async throws {
        let health = ServiceHealth()
        let pixels = ScriptedService.Answer.bytes(Self.pixels)
        // Three attempts, then a question and an attempt in turn.
        let service = ScriptedService(
            [pixels, failure, failure, failure, pixels, failure, pixels, failure, pixels, failure])
        let pipeline = try pipeline(service, attempts: 3, health: health)
        _ = try await pipeline.process(try frame(1))
        let outcome = try await pipeline.process(try frame(2)).outcome
        #expect(outcome.status == .failed)
        // Three, and three more at a service that is known to be there.
        #expect(outcome.attempts == 6)
        #expect(service.requests.value == 10)
        #expect(!health.isGone)
    }

    @Test("an outage that follows another at once costs no frame")
    func outageAfterOutage() async throws {
        let pixels = ScriptedService.Answer.bytes(Self.pixels)
        let service = ScriptedService([
            pixels, .broken, .broken, .broken, pixels, .broken, .broken, pixels, pixels,
        ])
        let pipeline = try pipeline(service, attempts: 3)
        _ = try await pipeline.process(try frame(1))
        #expect(try await pipeline.process(try frame(2)).outcome.status == .verified)
    }

    @Test("a frame that waits for its next attempt holds no memory that others could use")
    func memoryWhileWaiting() async throws {
        let refusal = ScriptedService.Answer.status(
            503, code: "ServiceUnavailable", fields: [HTTPField("Retry-After", "60")])
        let pipeline = try pipeline(ScriptedService([refusal]))
        let whole = pipeline.memory.limit
        let frame = try frame(1)
        let waiting = Task { try await pipeline.process(frame) }
        while pipeline.paused.count == 0 { try await Task.sleep(for: .milliseconds(1)) }
        let lease = try #require(pipeline.memory.takeNow(whole))
        lease.release()
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(pipeline.paused.count == 0)
    }

    @Test(
        "many frames that wait out an outage ask one after the other, and the first answer is enough for all")
    func sharedQuestion() async throws {
        let pixels = ScriptedService.Answer.bytes(Self.pixels)
        let service = ScriptedService([pixels] + Array(repeating: .broken, count: 200) + [pixels])
        let pipeline = try pipeline(service, attempts: 2)
        _ = try await pipeline.process(try frame(1))
        let frames = try (2...41).map { try frame($0) }
        let verified = try await withThrowingTaskGroup(of: Bool.self) { group in
            for frame in frames {
                group.addTask { try await pipeline.process(frame).outcome.status == .verified }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(verified == 40)
    }

    @Test("when the patience for an outage is used up, the frame fails and the service counts as gone")
    func gone() async throws {
        let health = ServiceHealth(patience: .zero)
        let service = ScriptedService([.bytes(Self.pixels), .broken])
        let pipeline = try pipeline(service, attempts: 3, health: health)
        _ = try await pipeline.process(try frame(1))
        #expect(try await pipeline.process(try frame(2)).outcome.status == .failed)
        #expect(health.isGone)
    }

    @Test("what cannot heal is asked for once")
    func notFound() async throws {
        let service = ScriptedService([.status(404, code: "ResourceNotFoundException")])
        let outcome = try await pipeline(service).process(try frame()).outcome
        #expect(outcome.status == .failed)
        #expect(service.requests.value == 1)
    }

    @Test("wrong bytes that come right the second time were the network's fault")
    func healedMismatch() async throws {
        let service = ScriptedService([.bytes([1, 2, 3]), .bytes(Self.pixels)])
        let outcome = try await pipeline(service).process(try frame()).outcome
        #expect(outcome.status == .verified)
        #expect(outcome.attempts == 2)
        #expect(outcome.mismatchCause == .network)
    }

    @Test("the same wrong bytes twice are a mismatch, not asked for again and never written")
    func mismatch() async throws {
        let service = ScriptedService([.bytes([1, 2, 3])])
        let outcome = try await pipeline(service).process(try frame()).outcome
        #expect(outcome.status == .mismatch)
        #expect(outcome.attempts == 2)
        #expect(outcome.mismatchCause == .service)
        #expect(outcome.crc32 == CRC32.checksum([1, 2, 3]))
        #expect(outcome.failure?.stage == .verify)
        #expect(outcome.file == nil)
        #expect(try folder.names() == [])
    }

    @Test("wrong bytes that are others each time are the network's fault, and the last ones are the frame's")
    func everDifferent() async throws {
        let service = ScriptedService([.bytes([1]), .bytes([2]), .bytes([3]), .bytes([4])])
        let outcome = try await pipeline(service, attempts: 3).process(try frame()).outcome
        #expect(outcome.status == .mismatch)
        #expect(outcome.attempts == 3)
        #expect(outcome.mismatchCause == .network)
    }

    @Test("a fault of the service between two wrong answers does not hide that they are the same")
    func interruptedMismatch() async throws {
        let service = ScriptedService([
            .bytes([1, 2, 3]), .broken, .bytes([4]), .status(500, code: "InternalServerException"),
            .bytes([1, 2, 3]),
        ])
        let outcome = try await pipeline(service, attempts: 9).process(try frame()).outcome
        #expect(outcome.status == .mismatch)
        #expect(outcome.attempts == 5)
        #expect(outcome.mismatchCause == .service)
    }

    @Test("one wrong answer and no other to compare it with has no known cause")
    func singleMismatch() async throws {
        let service = ScriptedService([.bytes([1, 2, 3])])
        let outcome = try await pipeline(service, attempts: 1).process(try frame()).outcome
        #expect(outcome.status == .mismatch)
        #expect(outcome.mismatchCause == nil)
    }

    @Test(
        "a page in place of a frame says nothing about the frame: it is tried as often as any error, and counted"
    )
    func page() async throws {
        let image = TestImage(width: 40, height: 30, planes: [.init(precision: 8, isSigned: false)])
        let codestream = try TestEncoder(decompositions: 2).encode(image)
        let page = ScriptedService.Answer.bytes(Array("<!DOCTYPE html><html></html>".utf8))
        let frame = try frame(crc32: CRC32.checksum(image.raster()), storedAs: .htj2kLosslessRPCL)
        let service = ScriptedService([page, page, page, .bytes(codestream)])
        let outcome = try await pipeline(service).process(frame).outcome
        #expect(outcome.status == .verified)
        #expect(outcome.attempts == 4)
        #expect(outcome.retriesByError == ["decode/not-a-codestream": 3])
        let endless = ScriptedService([page])
        #expect(try await pipeline(endless).process(frame).outcome.status == .failed)
        #expect(endless.requests.value == 4)
    }

    @Test(
        "a flipped bit can make a header ask for anything: what seems too large or unknown is asked for once more"
    )
    func flippedHeader() async throws {
        let image = TestImage(width: 40, height: 30, planes: [.init(precision: 8, isSigned: false)])
        let codestream = try TestEncoder(decompositions: 2).encode(image)
        // The highest bits of SIZ's width and tile width (ITU-T T.800, A.5.1).
        var spoilt = codestream
        spoilt[8] ^= 0x80
        spoilt[24] ^= 0x80
        let frame = try frame(crc32: CRC32.checksum(image.raster()), storedAs: .htj2kLosslessRPCL)
        let service = ScriptedService([.bytes(spoilt), .bytes(codestream)])
        let outcome = try await pipeline(service).process(frame).outcome
        #expect(outcome.status == .verified)
        #expect(outcome.retriesByError == ["decode/over-limit": 1])
        let lasting = ScriptedService([.bytes(spoilt)])
        let failed = try await pipeline(lasting).process(frame).outcome
        #expect(failed.failure?.code == "over-limit")
        #expect(lasting.requests.value == 2)
    }

    @Test("a frame without a checksum is written only where the user allows it, and marked either way")
    func unverifiable() async throws {
        let service = ScriptedService([.bytes(Self.pixels)])
        let refused = try await pipeline(service).process(try frame(crc32: nil)).outcome
        #expect(refused.status == .unverifiable)
        #expect(refused.file == nil)
        let allowed = try await pipeline(service, allowsUnverifiable: true).process(try frame(crc32: nil))
            .outcome
        #expect(allowed.status == .unverifiable)
        #expect(try contents(allowed) == Self.pixels)
    }

    @Test("a folder that cannot be written to is the run's trouble, not tried again")
    func unwritable() async throws {
        try Data([1]).write(to: URL(fileURLWithPath: folder.file(String(repeating: "a", count: 32))))
        let service = ScriptedService([.bytes(Self.pixels)])
        let result = try await pipeline(service).process(try frame())
        #expect(result.outcome.status == .failed)
        #expect(result.error is WriteError)
        #expect(service.requests.value == 1)
    }

    @Test("a cancelled frame is dropped at once and leaves nothing behind")
    func cancelled() async throws {
        let service = ScriptedService([.silence])
        let pipeline = try pipeline(service)
        let frame = try frame()
        let task = Task { try await pipeline.process(frame) }
        while service.requests.value == 0 { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try folder.names() == [])
    }

    @Test("one huge frame raises what the next ones are taken for, and is soon forgotten")
    func typicalFrame() {
        let typical = TypicalFrame()
        typical.note(1 << 33)
        #expect(typical.bytes > 1 << 29)
        for _ in 0..<100 { typical.note(1 << 20) }
        #expect(typical.bytes < 2 << 20)
    }

    @Test("no more requests are in flight than allowed, and every frame has an outcome")
    func boundedRequests() async throws {
        let service = ScriptedService([.bytes(Self.pixels)])
        let pipeline = try pipeline(service, requests: 3)
        let frames = try (1...200).map { try frame($0) }
        let verified = try await withThrowingTaskGroup(of: Bool.self) { group in
            for frame in frames {
                group.addTask { try await pipeline.process(frame).outcome.status == .verified }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(verified == 200)
        #expect(service.inFlight.value.most <= 3)
    }
}
