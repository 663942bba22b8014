import Foundation
import Testing

@testable import FrameEngine

/// Whether `body` is what `/bytes/count` sends.
private func isPattern(_ body: PooledBuffer, _ count: Int) -> Bool {
    guard body.count == count else { return false }
    return LoopbackServer.pattern(count).withUnsafeBytes { expected in
        guard let left = expected.baseAddress, let right = body.bytes.baseAddress else { return count == 0 }
        return memcmp(left, right, count) == 0
    }
}

@Suite("The limit of body bytes in flight", .timeLimit(.minutes(5)))
struct BodyLimitTests {
    private let server: LoopbackServer
    init() throws { server = try LoopbackServer() }

    @Test(
        "twenty bodies at once arrive intact, and their sum stays within the limit and one body",
        arguments: ["bytes", "chunked"])
    func peak(kind: String) async throws {
        defer { server.stop() }
        let (count, limit) = (8_000_000, 16_000_000)
        let transport = try makeTransport { $0.bodyBytesInFlightLimit = limit }
        _ = LoopbackServer.pattern(count)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask { [server] in
                    isPattern(try await transport.get(server.url("/\(kind)/\(count)")).body, count)
                }
            }
            for try await isIntact in group { #expect(isIntact) }
        }
        let statistics = transport.statistics
        #expect(statistics.responses == 20)
        #expect(statistics.failures == 0)
        #expect(statistics.stalls == 0)
        #expect(statistics.peakBodyBytes >= count)
        #expect(statistics.peakBodyBytes <= limit + count)
    }

    @Test("without a limit the peak is still counted")
    func noLimit() async throws {
        defer { server.stop() }
        let transport = try makeTransport()
        _ = try await transport.get(server.url("/bytes/300000"))
        _ = try await transport.get(server.url("/bytes/1000"))
        #expect(transport.statistics.peakBodyBytes == 300_000)
    }

    @Test(
        "bodies of every size pass a limit smaller than each of them, one after the other",
        arguments: [0, 1000])
    func tinyLimit(limit: Int) async throws {
        defer { server.stop() }
        let transport = try makeTransport { $0.bodyBytesInFlightLimit = limit }
        let sizes = [0, 1, 999, 1001, 16_384, 131_073, 700_000, 5000]
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for (number, count) in (sizes + sizes + sizes).enumerated() {
                group.addTask { [server] in
                    let path = number % 2 == 0 ? "/bytes/\(count)" : "/chunked/\(count)"
                    return isPattern(try await transport.get(server.url(path), hint: 1 << 40).body, count)
                }
            }
            for try await isIntact in group { #expect(isIntact) }
        }
        #expect(transport.statistics.failures == 0)
        #expect(transport.statistics.peakBodyBytes <= limit + 700_000)
    }

    @Test("a transfer that waits for a slow one is not taken for a stalled one", arguments: [true, false])
    func pausedIsNotStalled(usesLowSpeedLimit: Bool) async throws {
        defer { server.stop() }
        let transport = try makeTransport {
            // Room is left beside the slow body: the others start, and wait with their bodies begun.
            $0.bodyBytesInFlightLimit = 2000
            $0.usesLowSpeedLimit = usesLowSpeedLimit
            $0.idleTimeout = usesLowSpeedLimit ? .seconds(1) : .milliseconds(300)
            $0.watchMargin = .milliseconds(100)
            $0.connectTimeout = .seconds(1)
        }
        // 1,500 bytes, 2 ms or more apart: at least 3 s, in which the others wait.
        let slow = Task { [server] in try await transport.get(server.url("/drip/1500")) }
        for await path in server.requests where path == "/drip/1500" { break }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 {
                group.addTask { [server] in
                    isPattern(try await transport.get(server.url("/bytes/50000")).body, 50_000)
                }
            }
            for try await isIntact in group { #expect(isIntact) }
        }
        #expect(isPattern(try await slow.value.body, 1500))
        #expect(transport.statistics.stalls == 0)
        #expect(transport.statistics.failures == 0)
    }

    @Test("when the oldest is cancelled, those that waited for it go on")
    func cancelledOldest() async throws {
        defer { server.stop() }
        let transport = try makeTransport { $0.bodyBytesInFlightLimit = 3000 }
        let oldest = Task { [server] in try await transport.get(server.url("/stall/2000")) }
        for await path in server.requests where path == "/stall/2000" { break }
        let waiting = Task { [server] in try await transport.get(server.url("/bytes/50000")) }
        for await path in server.requests where path == "/bytes/50000" { break }
        oldest.cancel()
        #expect(isPattern(try await waiting.value.body, 50_000))
        await #expect(throws: CancellationError.self) { try await oldest.value }
    }

    @Test("a body beyond the request's own limit is refused, paused or not")
    func refusal() async throws {
        defer { server.stop() }
        let transport = try makeTransport { $0.bodyBytesInFlightLimit = 1000 }
        await withTaskGroup(of: String?.self) { group in
            for _ in 0..<6 {
                group.addTask { [server] in
                    do {
                        _ = try await transport.get(server.url("/chunked/40000"), limit: 30_000)
                        return nil
                    } catch { return (error as? TransportError)?.code }
                }
            }
            for await code in group { #expect(code == "body-too-large") }
        }
        #expect(transport.statistics.failures == 6)
    }

    @Test("the ledger lets the oldest go on, others as far as there is room, and forgets who leaves")
    func ledger() {
        let (first, second) = (NSObject(), NSObject())
        let (one, two) = (ObjectIdentifier(first), ObjectIdentifier(second))
        let ledger = BodyLedger(limit: 100)
        #expect(ledger.take(60, for: one))
        #expect(!ledger.take(41, for: two))
        #expect(ledger.take(40, for: two))
        #expect(!ledger.take(1, for: two))
        #expect(ledger.take(500, for: one))
        #expect(ledger.total == 600)
        ledger.leave(one, count: 560)
        #expect(ledger.take(70, for: two))
        #expect(ledger.total == 110)
        #expect(ledger.peak == 600)
        #expect(ledger.promise(for: .max) == 100)
    }
}
