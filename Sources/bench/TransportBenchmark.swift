import Foundation
import FrameEngine

/// The transport alone: every frame of a plan requested once, the bodies dropped.
struct TransportBenchmark {
    struct Result: Codable {
        let requests: Int
        let seconds: Double
        let requestsPerSecond: Double
        let megabytesPerSecond: Double
        let cpuMillisecondsPerRequest: Double
        /// Transfers that stopped moving and were given up, each after the idle timeout.
        let stalled: Int
        /// Requests that ended in any error, the stalled ones included.
        let failed: Int
        let connections: Int
        let transport: String
    }

    let plan: String
    let settings: AWSSettings
    let configuration: TransportConfiguration

    func run() async throws -> Result {
        let frames = try MetadataPlanner.plan(contentsOf: plan).frames
        let transport = try CurlTransport(configuration: configuration, pool: BufferPool())
        defer { transport.shutdown() }
        let client = HealthImagingClient(transport: transport, settings: settings)
        let before = ProcessUsage.now.cpuSeconds
        let start = ContinuousClock.now
        var failed = 0
        try await withThrowingTaskGroup(of: Bool.self) { group in
            var next = 0
            // As many as the transport works on, and some more, so that it never waits for this loop.
            while next < min(frames.count, transport.usefulConcurrency + 4) {
                add(frames[next], to: &group, client, transport)
                next += 1
            }
            while let succeeded = try await group.next() {
                if !succeeded { failed += 1 }
                guard next < frames.count else { continue }
                add(frames[next], to: &group, client, transport)
                next += 1
            }
        }
        let seconds = start.duration(to: .now).inSeconds
        let statistics = transport.statistics
        return Result(
            requests: frames.count, seconds: seconds, requestsPerSecond: Double(frames.count) / seconds,
            megabytesPerSecond: Double(statistics.bodyBytes) / 1e6 / seconds,
            cpuMillisecondsPerRequest: (ProcessUsage.now.cpuSeconds - before) * 1e3 / Double(frames.count),
            stalled: statistics.stalls, failed: failed, connections: statistics.connectionsOpened,
            transport: transport.protocolChoice.rawValue)
    }

    private func add(
        _ frame: PlannedFrame, to group: inout ThrowingTaskGroup<Bool, any Error>,
        _ client: HealthImagingClient, _ transport: CurlTransport
    ) {
        group.addTask {
            let request = try await client.frameRequest(for: frame)
            do {
                return try await transport.send(request, bodyLimit: 1 << 30).status == 200
            } catch is TransportError {
                return false
            }
        }
    }
}
