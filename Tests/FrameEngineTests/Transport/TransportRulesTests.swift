import CCurl
import Testing

@testable import FrameEngine

@Suite("The transport's rules")
struct TransportRulesTests {
    @Test(
        "HTTP/2 is chosen from libcurl 8.4.0 on",
        arguments: [
            (0x07_58_01, false), (0x07_88_01, false), (0x08_00_00, false), (0x08_03_ff, false),
            (0x08_04_00, true),
            (0x08_0e_01, true), (0x09_00_00, true), (0, false),
        ] as [(UInt32, Bool)])
    func automatic(version: UInt32, isHTTP2: Bool) {
        let choice = ProtocolChoice.automatic(forCurlVersion: version, supportsHTTP2: true)
        #expect(choice == (isHTTP2 ? .http2 : .http1))
    }

    @Test("a libcurl built without HTTP/2 speaks HTTP/1.1, however new")
    func withoutHTTP2() {
        #expect(ProtocolChoice.automatic(forCurlVersion: 0x09_00_00, supportsHTTP2: false) == .http1)
    }

    @Test("an explicit choice stands, whatever the libcurl")
    func explicit() {
        #expect(CurlLibrary.resolved(.http1) == .http1)
        #expect(CurlLibrary.resolved(.http2) == .http2)
        #expect(CurlLibrary.resolved(.automatic) != .automatic)
        #expect(CurlLibrary.version.number >= 0x07_00_00)
    }

    @Test("streams stay below 20, connections are shared out over the loops, none is left without")
    func limits() {
        var configuration = TransportConfiguration()
        configuration.streamsPerConnection = 100
        configuration.maximumConnections = 10
        configuration.loops = 4
        let http2 = LoopLimits(configuration, protocol: .http2)
        #expect(http2.streams == 19)
        #expect(http2.connections == 3)
        #expect(http2.transfers == 57)
        #expect(LoopLimits(configuration, protocol: .http1).transfers == 3)
        configuration.maximumConnections = 0
        configuration.streamsPerConnection = 0
        configuration.loops = 0
        #expect(LoopLimits(configuration, protocol: .http2).transfers == 1)
    }

    @Test("timers are rounded up, never to nothing, and never overflow")
    func timers() {
        #expect(Duration.zero.timerMilliseconds == 1)
        #expect(Duration.microseconds(1500).timerMilliseconds == 2)
        #expect(Duration.milliseconds(1001).timerSeconds == 2)
        #expect(Duration.seconds(10).timerSeconds == 10)
        #expect(Duration.seconds(Int64.max / 2).timerMilliseconds == 2_000_000_000)
        #expect(Duration.seconds(-5).timerMilliseconds == 1)
    }

    @Test("the watch measures from the last change of the byte count")
    func watch() {
        let start = ContinuousClock.now
        var watch = ProgressWatch(now: start)
        func stillness(bytes: Int, now: ContinuousClock.Instant) -> Duration {
            watch.stillness(bytes: bytes, now: now)
        }
        #expect(stillness(bytes: 0, now: start + .seconds(5)) == .seconds(5))
        #expect(stillness(bytes: 1, now: start + .seconds(6)) == .zero)
        #expect(stillness(bytes: 1, now: start + .seconds(9)) == .seconds(3))
        #expect(stillness(bytes: 2, now: start + .seconds(10)) == .zero)
    }

    @Test(
        "trouble on the way may be retried",
        arguments: [
            CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_HTTP2,
            CURLE_PARTIAL_FILE, CURLE_OPERATION_TIMEDOUT, CURLE_SSL_CONNECT_ERROR, CURLE_GOT_NOTHING,
            CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_HTTP2_STREAM,
        ].map(\.rawValue))
    func retryable(code: UInt32) {
        let error = TransportError(CURLcode(rawValue: code), endpoint: "h:1")
        #expect(error.isRetryable)
        #expect(error.code == "curl-\(code)")
        #expect(error.curlCode == code)
    }

    @Test(
        "what is wrong with request, trust or machine is not retried",
        arguments: [
            CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_PEER_FAILED_VERIFICATION,
            CURLE_SSL_CACERT_BADFILE, CURLE_OUT_OF_MEMORY, CURLE_UNKNOWN_OPTION, CURLE_FILESIZE_EXCEEDED,
        ].map(\.rawValue))
    func notRetryable(code: UInt32) {
        #expect(!TransportError(CURLcode(rawValue: code), endpoint: "h:1").isRetryable)
    }

    @Test("a failed handshake is a certificate error only where the certificate was refused")
    func handshake() {
        let refused = TransportError(CURLE_SSL_CONNECT_ERROR, endpoint: "h:1", failedVerification: true)
        #expect(refused.kind == .certificate)
        #expect(!refused.isRetryable)
        #expect(TransportError(CURLE_SSL_CONNECT_ERROR, endpoint: "h:1").kind == .unreachable)
    }

    @Test("a stall is retried; a body or head too large and a shut-down are not")
    func ownReasons() {
        #expect(TransportError.stalled("h:1", idle: .seconds(1)).isRetryable)
        #expect(!TransportError.bodyTooLarge("h:1", limit: 1).isRetryable)
        #expect(!TransportError.headTooLarge("h:1").isRetryable)
        #expect(!TransportError.shutDown("h:1").isRetryable)
    }

    @Test("curl's text is quoted only where it holds no URL, and on one line")
    func quoting() {
        let proxy = TransportError(
            CURLE_COULDNT_RESOLVE_PROXY, endpoint: "h:1", curlText: "http://me:secret@proxy")
        #expect(!proxy.message.contains("secret"))
        let refused = TransportError(CURLE_COULDNT_CONNECT, endpoint: "h:1", curlText: "no\r\nroute\u{1b}[0m")
        #expect(refused.message.contains("no route"))
        #expect(!refused.message.utf8.contains { $0 < 0x20 })
    }

    @Test(
        "the endpoint of a URL is host and port, and nothing secret",
        arguments: [
            ("https://example.org/a?b=c", "example.org:443"), ("http://example.org", "example.org:80"),
            ("https://me:pass@example.org:8443/x", "example.org:8443"), ("https://[::1]/x", "[::1]:443"),
            ("https://[::1]:99?x", "[::1]:99"), ("nonsense", ""), ("https:///x", ""),
            ("https://a@b@host#frag", "host:443"), ("://host", "host:80"),
        ])
    func endpoints(url: String, endpoint: String) {
        #expect(TransportError.endpoint(ofURL: url) == endpoint)
    }
}
