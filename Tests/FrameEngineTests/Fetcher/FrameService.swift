import CCurl
import Foundation

@testable import FrameEngine

/// A service in memory that answers each frame as the test says. Frame n's id is n in hexadecimal.
final class FrameService: HTTPTransport {
    /// Any bytes with the right checksum are a frame of native little-endian syntax, which passes through as stored.
    static let pixels: [UInt8] = (0..<5_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    private let pool = BufferPool()
    private let answer: @Sendable (Int) async throws -> ScriptedService.Answer
    let requests = Shared<[Int]>([])
    let inFlight = Shared(0)

    /// - Parameter answer: for the frame of that number; may wait.
    init(_ answer: @escaping @Sendable (Int) async throws -> ScriptedService.Answer) { self.answer = answer }

    /// A service that answers every frame with its pixels.
    convenience init() { self.init { _ in .bytes(Self.pixels) } }

    func send(_ request: HTTPRequest, bodySizeHint: Int?, bodyLimit: Int) async throws -> HTTPResponse {
        let id = String(decoding: request.body, as: UTF8.self).suffix(34).prefix(32)
        let number = Int(id, radix: 16) ?? -1
        requests.withLock { $0.append(number) }
        inFlight.withLock { $0 += 1 }
        defer { inFlight.withLock { $0 -= 1 } }
        switch try await answer(number) {
        case .bytes(let bytes): return response(200, bytes)
        case .status(let status, let code, let fields):
            return response(status, Array("{}".utf8), fields + [HTTPField("x-amzn-errortype", code)])
        case .broken: throw TransportError(CURLE_RECV_ERROR, endpoint: "127.0.0.1:1")
        case .silence:
            try await Task.sleep(for: .seconds(600))
            throw TransportError(CURLE_RECV_ERROR, endpoint: "127.0.0.1:1")
        }
    }

    private func response(_ status: Int, _ body: [UInt8], _ fields: [HTTPField] = []) -> HTTPResponse {
        let buffer = pool.buffer(capacity: body.count)
        body.withUnsafeBytes { buffer.append($0) }
        return HTTPResponse(status: status, fields: fields, body: buffer)
    }

    // MARK: What tests make of it

    /// A fetcher that sends to this service. Requests and workers are few, so that windows are small.
    func fetcher(
        _ options: FrameFetcher.Options = FrameFetcher.Options(), requests: Int = 8,
        metrics: EngineMetrics = .off
    ) throws -> FrameFetcher {
        var options = options
        options.workers = options.workers ?? 2
        options.retry = RetryPolicy(attempts: 3, base: .microseconds(10), cap: .milliseconds(1))
        let settings = AWSSettings(
            region: "us-east-1", endpoints: try HealthImagingEndpoints(custom: "http://127.0.0.1:1"),
            credentials: UnsignedRequests())
        return FrameFetcher(
            options: options,
            client: HealthImagingClient(transport: self, settings: settings, retry: options.retry),
            transport: self, slots: RequestSlots(.fixed(requests)), pacer: RequestPacer(ceiling: nil),
            metrics: metrics, closeTransport: {})
    }

    /// Frames 1 to `count` of one image set.
    static func frames(
        _ count: Int, crc32: UInt32? = CRC32.checksum(pixels), sizeHintInBytes: Int? = nil
    ) throws -> [PlannedFrame] {
        let id = { (text: String) in HealthImagingID(String(repeating: "0", count: 32 - text.count) + text) }
        guard let datastore = id("d"), let imageSet = id("e") else { throw CancellationError() }
        let instance = PlannedInstance(
            datastoreID: datastore, imageSetID: imageSet, storedTransferSyntax: .explicitVRLittleEndian)
        return (1...count).compactMap { number in
            id(String(number, radix: 16)).map { frame in
                PlannedFrame(
                    instance: instance, frameNumber: number, imageFrameID: frame,
                    checksum: crc32.map { ResolutionChecksum(width: 50, height: 100, crc32: $0) },
                    sizeHintInBytes: sizeHintInBytes)
            }
        }
    }
}

/// Waits for a state that must come; a test that waits in vain hangs, and fails by its time limit.
func until(_ condition: () -> Bool) async {
    while !condition() { await Task.yield() }
}

/// Opens once; whoever waits goes on.
final class Gate: Sendable {
    private let isOpen = Shared(false)

    func open() { isOpen.withLock { $0 = true } }

    func pass() async throws {
        while !isOpen.value {
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}

extension FrameSequence.Element {
    /// The frame's number in its instance, whatever came of it.
    var number: Int {
        switch self {
        case .success(let frame): frame.planned.frameNumber
        case .failure(let failed): failed.planned.frameNumber
        }
    }
}
