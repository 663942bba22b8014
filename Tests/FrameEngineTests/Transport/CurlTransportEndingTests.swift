import Testing

@testable import FrameEngine

@Suite("Cancelling and shutting down", .timeLimit(.minutes(5)))
struct CurlTransportEndingTests {
    private let server: LoopbackServer
    init() throws { server = try LoopbackServer() }

    @Test("a cancelled task gets CancellationError in mid-transfer, and the transport goes on")
    func cancelRunning() async throws {
        defer { server.stop() }
        let transport = try makeTransport { $0.maximumConnections = 1 }
        var requests = server.requests.makeAsyncIterator()
        for path in ["/stall/100000", "/silent"] {
            let task = Task { [server] in try await transport.get(server.url(path)) }
            #expect(await requests.next() == path)
            task.cancel()
            await #expect(throws: CancellationError.self) { _ = try await task.value }
            // There is only one connection's worth of room: it must have come free.
            #expect(try await transport.get(server.url("/bytes/10")).body.count == 10)
            #expect(await requests.next() == "/bytes/10")
        }
    }

    @Test("a task cancelled beforehand sends nothing")
    func cancelBefore() async throws {
        defer { server.stop() }
        let transport = try makeTransport()
        let task = Task { [server] in
            withUnsafeCurrentTask { $0?.cancel() }
            return try await transport.get(server.url("/bytes/1"))
        }
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(server.connectionsAccepted == 0)
    }

    @Test("a transfer cancelled while it waits its turn is never sent")
    func cancelQueued() async throws {
        defer { server.stop() }
        let transport = try makeTransport { $0.maximumConnections = 1 }
        var requests = server.requests.makeAsyncIterator()
        let first = Task { [server] in try await transport.get(server.url("/stall/10")) }
        #expect(await requests.next() == "/stall/10")
        let second = Task { [server] in try await transport.get(server.url("/bytes/7")) }
        second.cancel()
        await #expect(throws: CancellationError.self) { _ = try await second.value }
        first.cancel()
        _ = try await transport.get(server.url("/bytes/8"))
        #expect(await requests.next() == "/bytes/8")
    }

    @Test("cancels at any moment leave every task with one outcome")
    func cancelStorm() async throws {
        defer { server.stop() }
        let transport = try makeTransport { $0.maximumConnections = 4 }
        var tasks: [Task<Bool, Never>] = []
        for number in 0..<400 {
            let task = Task { [server] in
                do {
                    return try await transport.get(server.url("/bytes/30000")).body.count == 30_000
                } catch {
                    return error is CancellationError
                }
            }
            tasks.append(task)
            if number % 3 == 0 { task.cancel() }
            if number % 7 == 0, number > 20 { tasks[number - 20].cancel() }
            if number % 50 == 0 { await Task.yield() }
        }
        for task in tasks { #expect(await task.value) }
        #expect(try await transport.get(server.url("/bytes/5")).body.count == 5)
    }

    @Test("a shut-down fails what is in flight and what waits, and every later request", arguments: [1, 3])
    func shutDown(loops: Int) async throws {
        defer { server.stop() }
        let transport = try makeTransport {
            $0.maximumConnections = 3
            $0.loops = loops
        }
        let tasks = (0..<30).map { _ in
            Task { [server] in try await transport.get(server.url("/stall/10")) }
        }
        var requests = server.requests.makeAsyncIterator()
        for _ in 0..<3 { _ = await requests.next() }
        transport.shutdown()
        for task in tasks {
            let error = await #expect(throws: TransportError.self) { _ = try await task.value }
            #expect(error?.kind == .shutDown)
            #expect(error?.isRetryable == false)
        }
        transport.shutdown()
        await #expect(throws: TransportError.self) { _ = try await transport.get(server.url("/bytes/1")) }
    }

    @Test("a transport that nobody holds any more ends its threads; its responses stay readable")
    func release() async throws {
        defer { server.stop() }
        var transport: CurlTransport? = try makeTransport()
        weak let observed = transport
        let response = try await transport?.get(server.url("/bytes/100000"))
        transport = nil
        #expect(observed == nil)
        #expect(response?.body.bytes.elementsEqual(LoopbackServer.pattern(100_000)) == true)
    }

    @Test("a server that goes away in mid-run fails the rest with typed errors")
    func serverGone() async throws {
        let transport = try makeTransport { $0.maximumConnections = 4 }
        let tasks = (0..<20).map { _ in
            Task { [server] in try await transport.get(server.url("/stall/1000")) }
        }
        var requests = server.requests.makeAsyncIterator()
        for _ in 0..<4 { _ = await requests.next() }
        server.stop()
        for task in tasks {
            let error = await #expect(throws: TransportError.self) { _ = try await task.value }
            #expect(error?.isRetryable == true)
        }
    }
}
