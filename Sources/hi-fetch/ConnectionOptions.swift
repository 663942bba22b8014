import ArgumentParser
import FrameEngine

/// Where the service is and who asks: common to all verbs that talk to it.
struct ConnectionOptions: ParsableArguments {
    @Option(
        name: .customLong("endpoint-url"),
        help: ArgumentHelp(
            "One endpoint for all requests, for example that of 'hi-fetch local serve'. Without it, AWS.",
            valueName: "url"))
    var endpointURL: String?

    @Option(help: "The AWS region. Without it: AWS_REGION, AWS_DEFAULT_REGION, the profile's region.")
    var region: String?

    @Option(help: "The profile in ~/.aws/config and ~/.aws/credentials. Without it: AWS_PROFILE, default.")
    var profile: String?

    @Option(
        name: .customLong("ca-bundle"),
        help: ArgumentHelp(
            "A PEM file with the certificate authorities to trust. Without it: AWS_CA_BUNDLE, the system's.",
            valueName: "file"))
    var caBundle: String?

    @Flag(
        name: .customLong("no-sign-request"), help: "Send requests without a signature; needs no credentials."
    )
    var noSignRequest = false

    func validate() throws {
        if let endpointURL {
            let isHTTP = endpointURL.hasPrefix("http://") || endpointURL.hasPrefix("https://")
            guard isHTTP, endpointURL.count > "https://".count || endpointURL.hasPrefix("http://h") else {
                throw ValidationError("--endpoint-url '\(endpointURL)' is not an http:// or https:// URL.")
            }
        }
        if let region, !Self.isRegion(region) {
            throw ValidationError("--region '\(region)' is not the name of an AWS region, such as us-east-1.")
        }
    }

    /// Options, environment and `~/.aws` files, resolved.
    func settings() throws -> AWSSettings {
        try AWSSettings(
            options: .init(
                profile: profile, region: region, endpointURL: endpointURL, noSignRequest: noSignRequest,
                caBundle: caBundle))
    }

    /// Runs `work` with a client of its own; its connections are closed afterwards.
    func withClient<Value: Sendable>(
        _ work: (HealthImagingClient) async throws -> Value
    ) async throws -> Value {
        let settings = try settings()
        var configuration = TransportConfiguration()
        configuration.caBundlePath = settings.caBundlePath
        let transport = try CurlTransport(configuration: configuration, pool: BufferPool())
        defer { transport.shutdown() }
        return try await work(HealthImagingClient(transport: transport, settings: settings))
    }

    /// A region becomes part of a host name, so only what may stand there is let through.
    private static func isRegion(_ text: String) -> Bool {
        let allowed = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
        }
        return allowed && text.utf8.count <= 32 && text.contains("-") && !text.hasPrefix("-")
            && !text.hasSuffix("-")
    }
}
