/// The numbers that a configuration comes to for one loop and one protocol.
struct LoopLimits: Equatable, Sendable {
    /// Connections to one host (CURLMOPT_MAX_HOST_CONNECTIONS).
    var connections: Int
    /// Streams on one connection (CURLMOPT_MAX_CONCURRENT_STREAMS); 1 for HTTP/1.1.
    var streams: Int
    /// Bytes of unfinished bodies beyond which only the oldest goes on; nil for no limit.
    var bodyBytes: Int?
    /// Transfers that curl works on at once; more wait in our own queue, where no timer runs.
    var transfers: Int { connections * streams }

    init(_ configuration: TransportConfiguration, protocol choice: ProtocolChoice) {
        let defaults =
            configuration.growsConnections
            ? TransportConfiguration.mostConnections : TransportConfiguration.defaultConnections
        let loops = max(1, configuration.loops)
        let wanted = configuration.maximumConnections ?? (choice == .http2 ? defaults.http2 : defaults.http1)
        bodyBytes = configuration.bodyBytesInFlightLimit.map { max(0, $0) / loops }
        // Rounded up: every loop has at least one connection.
        connections = (max(1, wanted) + loops - 1) / loops
        streams = choice == .http2 ? min(max(1, configuration.streamsPerConnection), 19) : 1
    }
}
