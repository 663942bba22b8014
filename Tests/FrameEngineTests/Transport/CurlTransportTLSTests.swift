import Foundation
import Testing

@testable import FrameEngine

@Suite(
    "The transport over TLS, against nginx", .serialized, .timeLimit(.minutes(5)),
    .disabled(if: NginxServer.isMissing, "no /usr/sbin/nginx: install nginx-light"))
struct CurlTransportTLSTests {
    private static let frame = LoopbackServer.pattern(300_000)

    @Test("the server's authority, named as CA bundle, is trusted; both protocols carry exact bodies")
    func trusted() async throws {
        let nginx = try NginxServer(frame: Self.frame)
        for choice in [ProtocolChoice.http1, .http2] {
            let transport = try makeTransport {
                $0.caBundlePath = nginx.caPath
                $0.protocolChoice = choice
                $0.maximumConnections = 2
            }
            let url = nginx.url("/frame")
            let exact = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        let body = try await transport.get(url).body
                        return body.bytes.elementsEqual(Self.frame)
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(exact == 100)
            #expect(transport.statistics.http2Responses == (choice == .http2 ? 100 : 0))
            #expect((1...2).contains(transport.statistics.connectionsOpened))
            transport.shutdown()
        }
    }

    @Test(
        "bodies paused for want of room arrive exact over TLS too", arguments: [ProtocolChoice.http1, .http2])
    func paused(choice: ProtocolChoice) async throws {
        let nginx = try NginxServer(frame: Self.frame)
        let transport = try makeTransport {
            $0.caBundlePath = nginx.caPath
            $0.protocolChoice = choice
            $0.bodyBytesInFlightLimit = 500_000
        }
        let url = nginx.url("/frame")
        let exact = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    let body = try await transport.get(url).body
                    return body.bytes.elementsEqual(Self.frame)
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(exact == 100)
        #expect(transport.statistics.stalls == 0)
        // Through HTTP/2 before curl 8.4 nothing is paused; see `bodyBytesInFlightLimit`.
        if choice == .http1 { #expect(transport.statistics.peakBodyBytes <= 800_000) }
    }

    @Test("ten streams share one HTTP/2 connection")
    func multiplexed() async throws {
        let nginx = try NginxServer(frame: Self.frame)
        let transport = try makeTransport {
            $0.caBundlePath = nginx.caPath
            $0.protocolChoice = .http2
            $0.maximumConnections = 1
        }
        #expect(transport.usefulConcurrency == 10)
        let url = nginx.url("/frame")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 { group.addTask { _ = try await transport.get(url) } }
            try await group.waitForAll()
        }
        #expect(transport.statistics.connectionsOpened == 1)
        #expect(transport.statistics.http2Responses == 40)
    }

    @Test(
        "an unknown authority is refused with advice, and not retried",
        arguments: [ProtocolChoice.http1, .http2])
    func untrusted(choice: ProtocolChoice) async throws {
        let nginx = try NginxServer(frame: [1])
        let transport = try makeTransport { $0.protocolChoice = choice }
        let error = await #expect(throws: TransportError.self) {
            _ = try await transport.get(nginx.url("/frame"))
        }
        #expect(error?.kind == .certificate)
        #expect(error?.isRetryable == false)
        #expect(error?.message.contains("--ca-bundle") == true)
        #expect(error?.message.hasPrefix("127.0.0.1:\(nginx.port): ") == true)
    }

    @Test(
        "the bundle is read once, not for each connection",
        .enabled(if: CurlLibrary.version.number >= 0x075700, "libcurl before 7.87 keeps no authorities"))
    func bundleIsKept() async throws {
        let nginx = try NginxServer(frame: Self.frame)
        let folder = try TemporaryFolder()
        let bundle = folder.file("bundle.pem")
        try FileManager.default.copyItem(atPath: nginx.caPath, toPath: bundle)
        let transport = try makeTransport {
            $0.caBundlePath = bundle
            $0.protocolChoice = .http1
            $0.maximumConnections = 8
        }
        let url = nginx.url("/frame")
        #expect(try await transport.get(url).status == 200)
        try FileManager.default.removeItem(atPath: bundle)
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<32 {
                group.addTask { try await transport.get(url).status }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses == Array(repeating: 200, count: 32))
        #expect(transport.statistics.connectionsOpened > 1)
        transport.shutdown()
    }

    @Test("a certificate for another name is refused although its authority is trusted")
    func wrongName() async throws {
        let nginx = try NginxServer(frame: [1])
        let transport = try makeTransport { $0.caBundlePath = nginx.caPath }
        let error = await #expect(throws: TransportError.self) {
            _ = try await transport.get("https://localhost:\(nginx.port)/frame")
        }
        #expect(error?.kind == .certificate)
    }

    @Test(
        "nginx stopped in mid-run: every request ends, in a typed error",
        arguments: [ProtocolChoice.http1, .http2])
    func stopped(choice: ProtocolChoice) async throws {
        let nginx = try NginxServer(frame: Self.frame)
        let transport = try makeTransport {
            $0.caBundlePath = nginx.caPath
            $0.protocolChoice = choice
            $0.maximumConnections = 4
        }
        // At 20 KB/s a body takes 15 s: none is whole when nginx goes.
        let url = nginx.url("/slow")
        let tasks = (0..<20).map { _ in Task { try await transport.get(url) } }
        let probe = try makeTransport { $0.caBundlePath = nginx.caPath }
        #expect(try await probe.get(nginx.url("/frame")).status == 200)
        nginx.stop()
        for task in tasks {
            let error = await #expect(throws: TransportError.self) { _ = try await task.value }
            #expect(error?.isRetryable == true, "\(error?.message ?? "no TransportError")")
        }
        let late = await #expect(throws: TransportError.self) { _ = try await transport.get(url) }
        #expect(late?.kind == .unreachable)
    }

    @Test("a dead HTTP/2 connection is given up with all its streams, and the next request opens another")
    func frozen() async throws {
        let nginx = try NginxServer(frame: Self.frame)
        let transport = try makeTransport {
            $0.caBundlePath = nginx.caPath
            $0.protocolChoice = .http2
            $0.maximumConnections = 1
            $0.connectTimeout = .seconds(1)
            $0.idleTimeout = .seconds(1)
            $0.watchMargin = .seconds(2)
        }
        #expect(try await transport.get(nginx.url("/frame")).status == 200)
        nginx.pause()
        let url = nginx.url("/frame")
        let tasks = (0..<5).map { _ in Task { try await transport.get(url) } }
        for task in tasks {
            let error = await #expect(throws: TransportError.self) { _ = try await task.value }
            #expect(error?.isRetryable == true, "\(error?.message ?? "no TransportError")")
        }
        #expect(transport.statistics.stalls > 0)
        nginx.resume()
        let body = try await transport.get(url).body
        #expect(body.bytes.elementsEqual(Self.frame))
        #expect(transport.statistics.http2Responses == 2)
        #expect(transport.statistics.connectionsOpened == 2)
    }
}
