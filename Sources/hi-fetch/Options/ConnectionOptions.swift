import ArgumentParser
import Foundation
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
        if let endpointURL, (try? HealthImagingEndpoints(custom: endpointURL)) == nil {
            // Without a word of it: people paste URLs with passwords and tokens.
            throw ValidationError("--endpoint-url is not of the form \(Self.endpointForm)")
        }
        if let region, !Self.isRegion(region) {
            throw ValidationError("--region '\(region)' is not the name of an AWS region, such as us-east-1.")
        }
    }

    /// Options, environment and `~/.aws` files, resolved.
    func settings() throws -> AWSSettings {
        let settings = try resolvedSettings()
        if let path = settings.caBundlePath { try Self.checkCertificates(in: path) }
        return settings
    }

    private func resolvedSettings() throws -> AWSSettings {
        let options = AWSSettings.Options(
            profile: profile, region: region, endpointURL: endpointURL, noSignRequest: noSignRequest,
            caBundle: caBundle)
        do {
            return try AWSSettings(options: options)
        } catch {
            throw Self.withoutURL(error)
        }
    }

    /// The engine's line about an endpoint may repeat it, and a password or a token may be in it.
    private static func withoutURL(_ error: any Error) -> any Error {
        guard let problem = error as? SettingsError, problem.reason == .invalidEndpoint else { return error }
        return CommandFailure(
            .usage, "the endpoint URL of the environment or the profile is not of the form \(endpointForm)")
    }

    /// Runs `work` with a transport of its own; its connections are closed afterwards.
    func withTransport<Value: Sendable>(
        _ configuration: TransportConfiguration = TransportConfiguration(),
        _ work: (any HTTPTransport, AWSSettings) async throws -> Value
    ) async throws -> Value {
        let settings = try settings()
        var configuration = configuration
        configuration.caBundlePath = settings.caBundlePath
        let transport = try CurlTransport(configuration: configuration, pool: BufferPool())
        defer { transport.shutdown() }
        return try await work(transport, settings)
    }

    /// Runs `work` with a client of its own; its connections are closed afterwards.
    func withClient<Value: Sendable>(
        _ work: (HealthImagingClient) async throws -> Value
    ) async throws -> Value {
        try await withTransport { transport, settings in
            try await work(HealthImagingClient(transport: transport, settings: settings))
        }
    }

    private static let endpointForm = "http(s)://host[:port][/path], without user name, password and query."

    /// A file without any certificate would fail every connection with a line that names the service instead.
    private static func checkCertificates(in path: String) throws {
        var status = stat()
        // What is not there is the transport's error; a pipe can be read only once, and that is the transport's too.
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
        else { return }
        // The three names that OpenSSL reads as a certificate (PEM_read_bio_X509_AUX).
        let names = ["CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE"]
        for name in names where data.range(of: Data("-----BEGIN \(name)-----".utf8)) != nil { return }
        throw CommandFailure(
            .unreadableInput,
            "the CA bundle \(path) holds no certificate: give a PEM file with '-----BEGIN CERTIFICATE-----'.")
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

extension ConnectionOptions {
    /// The options given, as they were, for a command that a person is to enter.
    var arguments: [String] {
        var words: [String] = []
        for (name, value) in [
            ("--endpoint-url", endpointURL), ("--region", region), ("--profile", profile),
            ("--ca-bundle", caBundle),
        ] {
            if let value { words += [name, value] }
        }
        return noSignRequest ? words + ["--no-sign-request"] : words
    }

    /// The first of them that is given.
    var firstGiven: String? { arguments.first }
}
