import Foundation
import Testing

@testable import FrameEngine

@Suite("The transport against faults", .timeLimit(.minutes(5)))
struct CurlTransportFaultTests {
    private let server: LoopbackServer
    init() throws { server = try LoopbackServer() }

    /// The error of a request that must fail, after which the same transport must still work.
    private func failure(
        _ path: String, limit: Int = 1 << 20, with transport: CurlTransport
    ) async throws -> TransportError {
        let error = await #expect(throws: TransportError.self) {
            _ = try await transport.get(server.url(path), limit: limit)
        }
        let next = try await transport.get(server.url("/bytes/1000"))
        #expect(next.body.bytes.elementsEqual(LoopbackServer.pattern(1000)))
        return try #require(error)
    }

    @Test("a body shorter than announced is a retryable error, never a response")
    func shortBody() async throws {
        defer { server.stop() }
        let error = try await failure("/short/100000", with: makeTransport())
        #expect(error.code == "curl-18")
        #expect(error.kind == .interrupted)
        #expect(error.isRetryable)
    }

    @Test("a reset in mid-body is a retryable error")
    func reset() async throws {
        defer { server.stop() }
        let error = try await failure("/reset/100000", with: makeTransport())
        #expect(error.kind == .interrupted)
        #expect(error.isRetryable)
    }

    @Test("a server that closes without an answer is a retryable error")
    func earlyClose() async throws {
        defer { server.stop() }
        let error = try await failure("/close", with: makeTransport())
        #expect(error.kind == .interrupted)
        #expect(error.isRetryable)
    }

    @Test("an answer that is not HTTP is a retryable error: a proxy's hiccup", arguments: 0...2)
    func foreign(number: Int) async throws {
        defer { server.stop() }
        let error = try await failure("/foreign/\(number)", with: makeTransport())
        #expect(error.kind == .interrupted)
        #expect(error.isRetryable)
        #expect(error.message.contains("the answer is not HTTP"))
    }

    @Test("curl's idle limit ends a transfer that stands still", arguments: ["/stall/1000", "/silent"])
    func idle(path: String) async throws {
        defer { server.stop() }
        let error = try await failure(
            path,
            with: makeTransport {
                $0.idleTimeout = .seconds(1)
                $0.protocolChoice = .http1
            })
        #expect(error.code == "curl-28")
        #expect(error.kind == .timeout)
        #expect(error.isRetryable)
    }

    @Test("the loop's own watch ends it where curl does not", arguments: ["/stall/1000", "/silent"])
    func watch(path: String) async throws {
        defer { server.stop() }
        let transport = try makeTransport {
            $0.usesLowSpeedLimit = false
            $0.connectTimeout = .milliseconds(500)
            $0.idleTimeout = .milliseconds(400)
            $0.watchMargin = .milliseconds(100)
        }
        let error = try await failure(path, with: transport)
        #expect(error.code == "stalled")
        #expect(error.kind == .timeout)
        #expect(error.isRetryable)
        #expect(transport.statistics.stalls == 1)
    }

    @Test("the total limit ends a transfer that only drips")
    func total() async throws {
        defer { server.stop() }
        let error = try await failure(
            "/drip/1000000", with: makeTransport { $0.totalTimeout = .seconds(2) })
        #expect(error.code == "curl-28")
    }

    @Test(
        "a body over the limit is refused, announced or not", arguments: ["/bytes/100001", "/chunked/100001"])
    func bodyLimit(path: String) async throws {
        defer { server.stop() }
        let error = try await failure(path, limit: 100_000, with: makeTransport())
        #expect(error.code == "body-too-large")
        #expect(error.kind == .tooLarge)
        #expect(!error.isRetryable)
    }

    @Test(
        "a body of exactly the limit is accepted",
        arguments: ["/bytes/100000", "/chunked/100000", "/bytes/0"])
    func bodyAtLimit(path: String) async throws {
        defer { server.stop() }
        let limit = path.hasSuffix("/0") ? 0 : 100_000
        let response = try await makeTransport().get(server.url(path), limit: limit)
        #expect(response.body.count == limit)
    }

    @Test("a head beyond 256 KiB is refused")
    func hugeHead() async throws {
        defer { server.stop() }
        let error = try await failure("/head/400", with: makeTransport())
        #expect(error.code == "head-too-large")
        #expect(!error.isRetryable)
    }

    @Test("nobody listening: one line that names the endpoint and what to check, and no more of the URL")
    func refused() async throws {
        server.stop()
        let port = try LoopbackServer.freePort()
        let transport = try makeTransport()
        let error = await #expect(throws: TransportError.self) {
            _ = try await transport.get("http://me:secret@127.0.0.1:\(port)/path?token=hidden")
        }
        let message = try #require(error).message
        #expect(error?.code == "curl-7")
        #expect(error?.kind == .unreachable)
        #expect(error?.isRetryable == true)
        #expect(message.hasPrefix("127.0.0.1:\(port): "))
        #expect(message.contains("--endpoint-url"))
        for secret in ["me:", "secret", "path", "hidden"] { #expect(!message.contains(secret)) }
    }

    @Test(
        "schemes other than http and https are refused",
        arguments: ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/x", "dict://127.0.0.1/x"])
    func schemes(url: String) async throws {
        server.stop()
        let transport = try makeTransport()
        let error = await #expect(throws: TransportError.self) { _ = try await transport.get(url) }
        #expect(error?.kind == .badRequest)
        #expect(error?.isRetryable == false)
    }

    @Test("nothing can be smuggled through method, URL or fields")
    func smuggling() async throws {
        defer { server.stop() }
        let transport = try makeTransport()
        let url = server.url("/echo")
        let requests = [
            HTTPRequest(method: "GET", url: url + "\r\nX: y"), HTTPRequest(method: "GET", url: url + " x"),
            HTTPRequest(method: "GET /\r\n", url: url), HTTPRequest(method: "", url: url),
            HTTPRequest(method: "GET", url: url, fields: [HTTPField("A", "b\r\nC: d")]),
            HTTPRequest(method: "GET", url: url, fields: [HTTPField("A", "b\0c")]),
            HTTPRequest(method: "GET", url: url, fields: [HTTPField("A: b\r\nC", "d")]),
            HTTPRequest(method: "GET", url: url, fields: [HTTPField("", "d")]),
        ]
        for request in requests {
            let error = await #expect(throws: TransportError.self) {
                _ = try await transport.send(request, bodyLimit: 1 << 20)
            }
            #expect(error?.code == "bad-field")
        }
        #expect(server.connectionsAccepted == 0)
    }

    @Test(
        "a certificate file that cannot be used is named at once",
        arguments: ["/nonexistent/ca.pem", "/", "/dev/null"])
    func bundle(path: String) throws {
        server.stop()
        let error = #expect(throws: TransportError.self) { _ = try makeTransport { $0.caBundlePath = path } }
        #expect(error?.code == "ca-bundle")
        #expect(error?.kind == .certificate)
        #expect(error?.message.contains("'\(path)'") == true)
    }

    @Test("bad answers among good ones spoil none of the good ones")
    func mixture() async throws {
        defer { server.stop() }
        let transport = try makeTransport { $0.maximumConnections = 8 }
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<120 {
                group.addTask { [server] in
                    let paths = ["/bytes/20000", "/short/20000", "/chunked/20000", "/reset/20000", "/close"]
                    let path = paths[number % 5]
                    let isGood = path.hasPrefix("/bytes") || path.hasPrefix("/chunked")
                    do {
                        let response = try await transport.get(server.url(path))
                        return isGood && response.body.bytes.elementsEqual(LoopbackServer.pattern(20_000))
                    } catch {
                        return !isGood && error is TransportError
                    }
                }
            }
            return await group.reduce(into: [Bool]()) { $0.append($1) }
        }
        #expect(outcomes.count == 120)
        #expect(outcomes.allSatisfy { $0 })
        #expect(transport.statistics.responses == 48)
        #expect(transport.statistics.failures == 72)
    }
}
