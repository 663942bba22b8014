/// Which HTTP version the transport speaks over TLS. Plain `http:` is always HTTP/1.1.
public enum ProtocolChoice: String, Sendable, CaseIterable {
    /// HTTP/2 where the libcurl at hand multiplexes safely, else HTTP/1.1.
    case automatic
    /// HTTP/1.1 with many kept-alive connections.
    case http1
    /// HTTP/2 where the server offers it, whatever the libcurl.
    case http2

    /// The first libcurl whose HTTP/2 multiplexing is trusted: 8.4.0, as `curl_version_info` writes it (0xXXYYZZ).
    ///
    /// With 7.88.1 (Debian 12) a transfer now and then never completes although the server has sent everything:
    /// with our loops in 8 of 20 runs of 2,000 frames (4 loops, 16 connections, 10 streams), in 1 of 15 with one loop
    /// and 4 connections, in 0 of 40 with one connection. With 8.14.1 put in its place: 0 of 20. A peer tool saw
    /// nothing with 8.4.0 either; what lies between was not measured and is not trusted.
    public static let firstSafeMultiplexingVersion: UInt32 = 0x08_04_00

    /// The choice that `.automatic` stands for.
    ///
    /// - Parameters:
    ///   - version: `version_num` of `curl_version_info`: 0xXXYYZZ.
    ///   - supportsHTTP2: whether that libcurl was built with HTTP/2.
    /// - Returns: `.http1` or `.http2`, never `.automatic`.
    public static func automatic(forCurlVersion version: UInt32, supportsHTTP2: Bool) -> ProtocolChoice {
        supportsHTTP2 && version >= firstSafeMultiplexingVersion ? .http2 : .http1
    }
}
