/// How a `CurlTransport` connects, and when it gives up. The defaults suit a bulk fetch.
///
/// Proxies are taken from the environment as curl reads it (`https_proxy`, `no_proxy`, …), unless `usesProxies` is
/// false. Certificates are always verified and TLS is 1.2 or later; there is no switch for either.
public struct TransportConfiguration: Sendable {
    /// Limit for the name look-up, the TCP connection and the TLS handshake together.
    public var connectTimeout: Duration = .seconds(10)
    /// A transfer that moves less than 1 byte a second for this long has failed. Whole seconds, at least one.
    public var idleTimeout: Duration = .seconds(30)
    /// Limit for a whole transfer from its first to its last byte; nil for none.
    public var totalTimeout: Duration? = .seconds(600)
    /// A PEM file of trusted certificates in place of the system's; nil for the system's.
    public var caBundlePath: String?
    /// Whether the proxies of the environment are used. Not for what runs on or beside this machine.
    public var usesProxies = true
    /// HTTP version.
    public var protocolChoice: ProtocolChoice = .automatic
    /// Connections to one host over all loops, opened as they are needed; nil for the default of the protocol.
    public var maximumConnections: Int?
    /// Without `maximumConnections`: as many connections as the requests in flight need, up to `mostConnections`, for
    /// callers that limit the requests themselves.
    public var growsConnections = false
    /// Concurrent streams on one HTTP/2 connection, 1 to 19: the service drops connections that carry 20 and more.
    public var streamsPerConnection = 10
    /// Event loops, each a thread with its own connections. One carries several Gbit/s.
    public var loops = 1
    /// The most bytes of unfinished response bodies, all loops together; nil for no limit.
    ///
    /// A body counts from its first byte, with what its `Content-Length` announces, until its response is handed over.
    /// Where the sum would exceed the limit only the oldest body (of each loop) goes on, so that the sum never exceeds
    /// the limit by more than one body a loop; the others are paused and no timeout runs for them. A paused transfer
    /// keeps what one read brought, at most 128 KiB, beyond the count. HTTP/2 through a libcurl before 8.4, which
    /// `.automatic` never chooses, cannot be paused safely: there the limit only keeps new requests from starting.
    public var bodyBytesInFlightLimit: Int?
    /// The `User-Agent` of requests that bring none; conventionally `hi-fetch/<version>`.
    public var userAgent = "hi-fetch"

    /// How much later the second of two guards ends a transfer that stands still: curl's low-speed limit and the
    /// loop's own watch.
    var watchMargin: Duration = .seconds(5)
    /// Whether curl's low-speed limit is on. Off only where the loop's own watch is under test.
    var usesLowSpeedLimit = true

    /// Connections to one host when nobody asks for a number (measured; see docs/numbers.md).
    static let defaultConnections = (http1: 32, http2: 4)
    /// The most connections that are opened unasked: 256 requests in flight at a latency of 150 ms are 1,700 a second,
    /// more than the service's documented quota.
    static let mostConnections = (http1: 256, http2: 26)

    public init() {}
}
