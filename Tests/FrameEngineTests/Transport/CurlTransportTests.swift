import Testing

@testable import FrameEngine

/// A transport whose limits are short enough for tests.
func makeTransport(_ adjust: (inout TransportConfiguration) -> Void = { _ in }) throws -> CurlTransport {
    var configuration = TransportConfiguration()
    configuration.connectTimeout = .seconds(30)
    configuration.idleTimeout = .seconds(120)
    adjust(&configuration)
    return try CurlTransport(configuration: configuration, pool: BufferPool())
}

extension CurlTransport {
    func get(_ url: String, hint: Int? = nil, limit: Int = 64 << 20) async throws -> HTTPResponse {
        try await send(HTTPRequest(method: "GET", url: url), bodySizeHint: hint, bodyLimit: limit)
    }
}

@Suite("The transport over HTTP/1.1", .timeLimit(.minutes(5)))
struct CurlTransportTests {
    private let server: LoopbackServer
    init() throws { server = try LoopbackServer() }

    @Test(
        "bodies of every size arrive exact",
        arguments: [0, 1, 4095, 4096, 4097, 65_536, 1_000_000, 3_000_001])
    func exactBodies(count: Int) async throws {
        defer { server.stop() }
        let transport = try makeTransport()
        let plain = try await transport.get(server.url("/bytes/\(count)"))
        #expect(plain.status == 200)
        #expect(plain.body.bytes.elementsEqual(LoopbackServer.pattern(count)))
        let chunked = try await transport.get(server.url("/chunked/\(count)"), hint: count)
        #expect(chunked.body.bytes.elementsEqual(LoopbackServer.pattern(count)))
        #expect(chunked.field("x-trailer") == nil)
    }

    @Test("a hint that is wrong either way changes nothing", arguments: [0, 1, 10_000_000, Int.max, -5])
    func wrongHints(hint: Int) async throws {
        defer { server.stop() }
        let transport = try makeTransport()
        let response = try await transport.get(server.url("/chunked/100000"), hint: hint)
        #expect(response.body.bytes.elementsEqual(LoopbackServer.pattern(100_000)))
    }

    @Test("a path goes out as it is, with dot segments, empty ones and every encoded byte")
    func pathAsIs() async throws {
        defer { server.stop() }
        let path = "/echo/./a/../b//c%20%2F%2e/..?x=%2B/../y"
        let response = try await makeTransport().get(server.url(path))
        #expect(String(decoding: response.body.bytes, as: UTF8.self).hasPrefix("GET \(path) HTTP/1.1\r\n"))
    }

    @Test("requests one after the other share one connection")
    func keepAlive() async throws {
        defer { server.stop() }
        let transport = try makeTransport()
        for _ in 0..<20 { _ = try await transport.get(server.url("/bytes/10")) }
        #expect(server.connectionsAccepted == 1)
        #expect(transport.statistics.connectionsOpened == 1)
        #expect(transport.statistics.responses == 20)
        #expect(transport.statistics.bodyBytes == 200)
    }

    @Test(
        "a hundred requests at once are all answered, over no more connections than allowed",
        arguments: [1, 3])
    func parallel(loops: Int) async throws {
        defer { server.stop() }
        let transport = try makeTransport {
            $0.maximumConnections = 6
            $0.loops = loops
        }
        #expect(transport.usefulConcurrency == 6)
        let sizes = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<100 {
                group.addTask { [server] in
                    let count = number * 997
                    let response = try await transport.get(server.url("/bytes/\(count)"), hint: count)
                    #expect(response.body.bytes.elementsEqual(LoopbackServer.pattern(count)))
                    return response.body.count
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sizes == (0..<100).reduce(0) { $0 + $1 * 997 })
        #expect(server.connectionsAccepted <= 6)
        #expect(transport.statistics.failures == 0)
    }

    @Test("a POST carries its fields and body, and nothing that was not asked for")
    func post() async throws {
        defer { server.stop() }
        let transport = try makeTransport { $0.userAgent = "hi-fetch/test" }
        let body = LoopbackServer.pattern(5000)
        let request = HTTPRequest(
            method: "POST", url: server.url("/echo?x=1"),
            fields: [
                HTTPField("Content-Type", "application/json"), HTTPField("X-Amz-Date", "20260101T000000Z"),
                HTTPField("X-Empty", ""), HTTPField("Content-Length", "5000"),
            ],
            body: body)
        let response = try await transport.send(request, bodyLimit: 1 << 20)
        let text = Array(response.body.bytes)
        let head = String(decoding: text.prefix(text.count - 5000), as: UTF8.self)
        #expect(head.hasPrefix("POST /echo?x=1 HTTP/1.1\r\n"))
        let names = head.split(separator: "\r\n").dropFirst().map { $0.prefix { $0 != ":" }.lowercased() }
        #expect(
            names.sorted() == [
                "content-length", "content-type", "host", "user-agent", "x-amz-date", "x-empty",
            ])
        #expect(head.contains("User-Agent: hi-fetch/test\r\n"))
        #expect(text.suffix(5000).elementsEqual(body))
    }

    @Test("one handle serves every method in turn, with nothing left over from the request before")
    func methods() async throws {
        defer { server.stop() }
        let transport = try makeTransport { $0.maximumConnections = 1 }
        let body = Array("{}".utf8)
        let steps: [(String, [UInt8])] = [
            ("POST", body), ("GET", []), ("DELETE", []), ("PUT", body), ("POST", []), ("HEAD", []),
            ("PATCH", body),
            ("GET", []),
        ]
        for (method, body) in steps {
            let response = try await transport.send(
                HTTPRequest(
                    method: method, url: server.url(method == "HEAD" ? "/head/1" : "/echo"), body: body),
                bodyLimit: 1 << 20)
            let text = String(decoding: response.body.bytes, as: UTF8.self)
            if method == "HEAD" {
                #expect(response.field("X")?.count == 996)
            } else {
                #expect(text.hasPrefix("\(method) /echo HTTP/1.1\r\n"))
                #expect(text.hasSuffix("\r\n\r\n" + String(decoding: body, as: UTF8.self)))
            }
        }
        #expect(server.connectionsAccepted == 1)
    }

    @Test("an error status is a response, with fields and body", arguments: [400, 404, 429, 500, 503])
    func statuses(status: Int) async throws {
        defer { server.stop() }
        let response = try await makeTransport().get(server.url("/status/\(status)"))
        #expect(response.status == status)
        #expect(response.field("x-kind") == "fault")
        #expect(response.body.count == 4)
    }

    @Test("a redirect is handed on and not followed")
    func redirect() async throws {
        defer { server.stop() }
        let response = try await makeTransport().get(server.url("/redirect"))
        #expect(response.status == 302)
        #expect(response.field("location") == "/bytes/1")
    }

    @Test("an interim response is passed over")
    func interim() async throws {
        defer { server.stop() }
        let response = try await makeTransport().get(server.url("/interim"))
        #expect(response.status == 200)
        #expect(response.field("link") == nil)
        #expect(response.field("x-last") == "yes")
        #expect(response.body.count == 2)
    }

    @Test("a large head is read whole")
    func largeHead() async throws {
        defer { server.stop() }
        let response = try await makeTransport().get(server.url("/head/90"))
        #expect(response.fields.count == 91)
    }

    @Test("a slow answer is waited for while something moves")
    func drip() async throws {
        defer { server.stop() }
        let transport = try makeTransport {
            $0.usesLowSpeedLimit = false
            $0.idleTimeout = .milliseconds(300)
            $0.watchMargin = .milliseconds(100)
            $0.connectTimeout = .seconds(1)
        }
        // 500 bytes, 2 ms or more apart: at least 1 s in all, against a watch of 0.4 s.
        let response = try await transport.get(server.url("/drip/500"))
        #expect(response.body.bytes.elementsEqual(LoopbackServer.pattern(500)))
        #expect(transport.statistics.stalls == 0)
    }
}
