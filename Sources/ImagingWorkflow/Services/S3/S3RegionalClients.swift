import FrameEngine
import Synchronization

/// A client for each region that buckets turned out to be in. Any thread.
final class S3RegionalClients: Sendable {
    private struct State {
        var clientOfRegion: [String: AWSClient] = [:]
        var regionOfBucket: [String: String] = [:]
    }

    /// The client of the settings' own region.
    let home: AWSClient
    private let make: @Sendable (String?) -> AWSClient
    private let state = Mutex(State())

    /// - Parameter make: a client for a region; nil is the settings' own.
    init(make: @escaping @Sendable (String?) -> AWSClient) {
        home = make(nil)
        self.make = make
    }

    /// Calls S3 about a bucket; where S3 says that the bucket is in another region, once more there.
    ///
    /// Only the region's name is taken from the answer, never an address.
    ///
    /// - Parameter subject: what errors of the service name.
    func withClient<Answer>(
        for bucket: String, about subject: String, _ work: (AWSClient) async throws -> Answer
    ) async throws -> Answer {
        let client = client(for: bucket)
        do {
            return try await work(client)
        } catch let error as ServiceError {
            guard let region = error.bucketRegion, region != client.endpoint.region else {
                throw error.about(subject)
            }
            remember(bucket, isIn: region)
            do {
                return try await work(self.client(for: bucket))
            } catch let error as ServiceError {
                throw error.about(subject)
            }
        }
    }

    private func remember(_ bucket: String, isIn region: String) {
        state.withLock { $0.regionOfBucket[bucket] = region }
    }

    private func client(for bucket: String) -> AWSClient {
        state.withLock { state in
            guard let region = state.regionOfBucket[bucket] else { return home }
            if let client = state.clientOfRegion[region] { return client }
            let client = make(region)
            state.clientOfRegion[region] = client
            return client
        }
    }
}

extension ServiceError {
    /// The same error, with what it is about in front of its message.
    fileprivate func about(_ subject: String) -> ServiceError {
        ServiceError(
            operation: operation, status: status, awsCode: awsCode, message: "\(subject): \(message)",
            retryAfter: retryAfter, kind: kind, bucketRegion: bucketRegion)
    }
}
