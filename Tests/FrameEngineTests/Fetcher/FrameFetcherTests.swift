import Foundation
import Testing

@testable import FrameEngine

@Suite("The fetcher", .timeLimit(.minutes(5)))
struct FrameFetcherTests {
    @Test("shutting down ends iterations with an error, keeps what was handed over, and can be repeated")
    func shutdown() async throws {
        let service = FrameService { $0 <= 2 ? .bytes(FrameService.pixels) : .silence }
        let fetcher = try service.fetcher()
        var iterator = fetcher.frames(of: try FrameService.frames(100), order: .plan).makeAsyncIterator()
        let frame = try #require(try await iterator.next()).get()
        await until { service.inFlight.value == 8 }
        await fetcher.shutdown()
        #expect(service.inFlight.value == 0)
        #expect(fetcher.runCount == 0)
        // What was ready is still given, and then the reason.
        #expect(try await iterator.next()?.number == 2)
        let error = await #expect(throws: TransportError.self) { _ = try await iterator.next() }
        #expect(error?.kind == .shutDown)
        #expect(frame.withUnsafeBytes { Array($0) } == FrameService.pixels)
        await fetcher.shutdown()
    }

    @Test("an iteration after the shutdown throws, and asks for nothing")
    func afterShutdown() async throws {
        let service = FrameService()
        let fetcher = try service.fetcher()
        await fetcher.shutdown()
        let error = await #expect(throws: TransportError.self) {
            for try await _ in fetcher.frames(of: try FrameService.frames(3)) {}
        }
        #expect(error?.kind == .shutDown)
        #expect(service.requests.value.isEmpty)
    }

    @Test("a fetcher that nobody uses any more ends its threads by itself")
    func forgotten() async throws {
        let closed = Gate()
        do {
            let service = FrameService()
            let made = try service.fetcher()
            let fetcher = FrameFetcher(
                options: made.options, client: made.client, transport: service,
                slots: RequestSlots(.fixed(2)),
                pacer: RequestPacer(ceiling: nil), closeTransport: closed.open)
            for try await _ in fetcher.frames(of: try FrameService.frames(3)) {}
            await made.shutdown()
        }
        try await closed.pass()
    }

    @Test("a sequence keeps its fetcher alive")
    func temporaryFetcher() async throws {
        var count = 0
        for try await result in try FrameService().fetcher().frames(of: try FrameService.frames(20)) {
            _ = try result.get()
            count += 1
        }
        #expect(count == 20)
    }

    @Test("an iteration judges by itself whether the service is there, not by an answer of long ago")
    func freshHealth() async throws {
        let isDown = Shared(false)
        let service = FrameService { _ in isDown.value ? .broken : .bytes(FrameService.pixels) }
        let fetcher = try service.fetcher()
        for try await result in fetcher.frames(of: try FrameService.frames(3)) { _ = try result.get() }
        isDown.withLock { $0 = true }
        await #expect(throws: TransportError.self) {
            for try await _ in fetcher.frames(of: try FrameService.frames(100)) {}
        }
        isDown.withLock { $0 = false }
        for try await result in fetcher.frames(of: try FrameService.frames(3)) { _ = try result.get() }
        await fetcher.shutdown()
    }

    @Test("an image set's plan comes from its metadata, and its error is thrown as it is")
    func planning() async throws {
        let id = try #require(HealthImagingID("000000000000000000000000000000e1"))
        let fetcher = try FrameService { _ in .status(404, code: "ResourceNotFoundException") }.fetcher()
        let error = await #expect(throws: ServiceError.self) {
            _ = try await fetcher.plan(imageSet: id, in: id)
        }
        #expect(error?.kind == .notFound)
        #expect(throws: PlanError.self) { try fetcher.plan(contentsOf: "/nonexistent/metadata.json") }
        await fetcher.shutdown()
    }

    @Test("the scope shuts its fetcher down, whether its body returns or throws")
    func scope() async throws {
        let settings = AWSSettings(
            region: "us-east-1", endpoints: try HealthImagingEndpoints(custom: "http://127.0.0.1:1"),
            credentials: UnsignedRequests())
        var options = FrameFetcher.Options()
        options.retry.attempts = 1
        // The real transport, and nobody listens there.
        let kept = try await withFrameFetcher(settings: settings, options: options) { fetcher in
            await #expect(throws: TransportError.self) {
                for try await _ in fetcher.frames(of: try FrameService.frames(20)) {}
            }
            return fetcher
        }
        let error = await #expect(throws: TransportError.self) {
            for try await _ in kept.frames(of: try FrameService.frames(1)) {}
        }
        #expect(error?.kind == .shutDown)
        await #expect(throws: CocoaError.self) {
            try await withFrameFetcher(settings: settings) { _ in throw CocoaError(.fileNoSuchFile) }
        }
    }

    @Test("samples are given as numbers of their own type, and of no other")
    func samples() throws {
        let pool = BufferPool()
        let buffer = pool.buffer(capacity: 8)
        [UInt8]([0x34, 0x12, 0xff, 0xff, 0, 0, 1, 0]).withUnsafeBytes { buffer.append($0) }
        let layout = PixelLayout(width: 2, height: 2, components: 1, bitsPerSample: 12, isSigned: true)
        let planned = try FrameService.frames(1)[0]
        let budget = AsyncBudget(limit: 100)
        let frame = FetchedFrame(
            outcome: FrameOutcome(frame: planned, status: .verified),
            decoded: DecodedFrame(bytes: buffer, layout: layout, decoder: "native"), encoded: nil,
            lease: budget.overdraw(50))
        #expect(frame.withUnsafeSamples(as: Int16.self) { Array($0) } == [0x1234, -1, 0, 1])
        #expect(frame.withUnsafeSamples(as: UInt16.self) { $0.count } == nil)
        #expect(frame.withUnsafeSamples(as: Int8.self) { $0.count } == nil)
        #expect(budget.takeNow(93) == nil)
        #expect(budget.takeNow(92) != nil)
        let stored = FetchedFrame(
            outcome: FrameOutcome(frame: planned, status: .verified),
            decoded: DecodedFrame(bytes: buffer, layout: nil, decoder: "as-stored"), encoded: nil,
            lease: budget.overdraw(0))
        #expect(stored.withUnsafeSamples(as: UInt8.self) { $0.count } == nil)
    }
}
