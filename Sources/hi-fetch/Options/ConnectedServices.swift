import FrameEngine
import ImagingWorkflow

/// Clients for the services that verbs use, over one transport.
struct ConnectedServices: Sendable {
    let imaging: HealthImagingClient
    let s3: S3Client
}

extension ConnectionOptions {
    /// Runs `work` with clients of its own; their connections are closed afterwards.
    func withServices<Value: Sendable>(
        _ work: @Sendable (ConnectedServices) async throws -> Value
    ) async throws -> Value {
        try await withTransport { transport, settings in
            try await work(
                ConnectedServices(
                    imaging: HealthImagingClient(transport: transport, settings: settings),
                    s3: S3Client(transport: transport, settings: settings)))
        }
    }
}
