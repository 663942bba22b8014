import ArgumentParser
import FrameEngine

/// The frames to request, and from whom: options of all commands that measure a network.
struct ServedPlan: ParsableArguments {
    @Option(help: "The server: hi-fetch local serve, a test server, or the service itself.")
    var url: String

    @Option(help: "GetImageSetMetadata JSON, gzipped or not: the frames to request.")
    var input: String

    @Option(name: .customLong("ca-bundle"), help: "A PEM file with the certificate authorities to trust.")
    var caBundle: String?

    /// - Parameter isSigned: with the credentials of the environment.
    func settings(isSigned: Bool = false) throws -> AWSSettings {
        try AWSSettings(options: .init(endpointURL: url, noSignRequest: !isSigned, caBundle: caBundle))
    }
}
