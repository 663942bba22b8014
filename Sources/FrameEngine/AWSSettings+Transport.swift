import Foundation

extension AWSSettings {
    /// Resolves the settings. Missing credentials are no error here: the first request that needs them says so.
    ///
    /// Providers of credentials that ask a service (roles, single sign-on, container and instance metadata) do so over
    /// connections of their own, which are opened when they are needed.
    ///
    /// - Throws: `SettingsError` for what is wrong or contradicts itself.
    public init(
        options: Options = Options(), environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(SettingsError) {
        try self.init(options: options, environment: environment) { caBundlePath in
            CredentialsTransports(
                service: { try Self.transport(caBundlePath, usesProxies: true) },
                metadata: { try Self.transport(caBundlePath, usesProxies: false) })
        }
    }

    private static func transport(
        _ caBundlePath: String?, usesProxies: Bool
    ) throws(TransportError) -> CurlTransport {
        var configuration = TransportConfiguration()
        configuration.userAgent = "hi-fetch/\(EngineVersion.current)"
        configuration.caBundlePath = caBundlePath
        configuration.usesProxies = usesProxies
        configuration.protocolChoice = .http1
        configuration.maximumConnections = 1
        configuration.totalTimeout = .seconds(30)
        return try CurlTransport(configuration: configuration, pool: BufferPool(idleBytesLimit: 0))
    }
}
