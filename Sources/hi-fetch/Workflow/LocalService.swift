import Foundation
import FrameEngine
import LocalImaging

/// The local data store, served in this process: on 127.0.0.1, at a free port, over TLS, to its own client only.
struct LocalService: Sendable {
    static let region = "us-east-1"

    /// The folder of the store; made when missing.
    let store: String

    /// Serves for as long as `work` runs, and gives it the settings of a client.
    ///
    /// - Throws: what `work` throws; `StoreError` and `LocalServerError` where nothing can be served.
    func run<Value: Sendable>(_ work: @escaping @Sendable (AWSSettings) async throws -> Value) async throws
        -> Value
    {
        // Fresh ones each time: no other process on this machine can use the server.
        let credentials = AWSCredentials(
            accessKeyID: "LOCAL\(Self.randomWord())", secretAccessKey: Self.randomWord() + Self.randomWord())
        var configuration = LocalServerConfiguration(store: try ImageSetStore(opening: store))
        configuration.usesTLS = true
        configuration.credentials = [credentials]
        configuration.region = Self.region
        let server = try LocalServer(configuration: configuration)
        let (addresses, announcing) = AsyncStream<LocalServerAddress>.makeStream()
        let serving = Task {
            defer { announcing.finish() }
            try await server.run { announcing.yield($0) }
        }
        defer { serving.cancel() }
        var address: LocalServerAddress?
        for await announced in addresses {
            address = announced
            break
        }
        guard let address else {
            try await serving.value
            throw CommandFailure(.localIO, "the local data store ended before it accepted connections")
        }
        let settings = try settings(
            endpoint: address.url, credentials: credentials, caBundle: server.caCertificatePath)
        let result: Result<Value, any Error>
        do {
            result = .success(try await work(settings))
        } catch {
            result = .failure(error)
        }
        serving.cancel()
        // The store is whole when the last request has ended.
        _ = await serving.result
        return try result.get()
    }

    /// Nothing of the user's own AWS settings plays a part.
    private func settings(endpoint: String, credentials: AWSCredentials, caBundle: String?) throws
        -> AWSSettings
    {
        try AWSSettings(
            options: AWSSettings.Options(region: Self.region, endpointURL: endpoint, caBundle: caBundle),
            environment: [
                "AWS_ACCESS_KEY_ID": credentials.accessKeyID,
                "AWS_SECRET_ACCESS_KEY": credentials.secretAccessKey, "AWS_EC2_METADATA_DISABLED": "true",
                "HOME": store, "AWS_CONFIG_FILE": "\(store)/none",
                "AWS_SHARED_CREDENTIALS_FILE": "\(store)/none",
            ])
    }

    private static func randomWord() -> String {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
