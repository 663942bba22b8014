import Foundation
import FrameEngine

/// One measured fetch beside its baseline: bare libopenjph decoding of the same frames on one core, in one run.
struct FetchBenchmark {
    /// The figures of the contract, and what they are made of.
    struct Result: Codable {
        let framesPerSecond: Double
        let cpuSecondsPerFrame: Double
        /// Resident set at its largest, bytes, of the whole process up to the end of the fetch.
        let peakMemoryBytes: Int
        /// The fetch's frames/s over `openjphFramesPerSecond`.
        let decodeEquivalent: Double
        let frames: Int
        let seconds: Double
        let receivedMegabytesPerSecond: Double
        let decodedMegabytesPerSecond: Double
        /// Bare decoding on one core, frames/s.
        let openjphFramesPerSecond: Double
        let format: String
        let transport: String
        let workers: Int
        let floors: FetchFloors.Result
        /// CPU time of the whole fetch over the sum of the floors.
        let overhead: Double
    }

    /// How many of the plan's frames the baseline decodes.
    private static let sampleSize = 200

    let plan: String
    let settings: AWSSettings
    let options: FetchOptions

    func run() async throws -> Result {
        let before = ProcessUsage.now
        let session = try FetchSession(
            options: options, settings: settings, datastoreID: nil, sources: [.metadataFile(plan)])
        let summary = try await session.run()
        let used = ProcessUsage.now
        guard case .complete = summary.conclusion else {
            let reason = summary.decisiveError?.message ?? "\(summary.progress.framesByError)"
            throw BenchError("the fetch did not verify every frame: \(reason)")
        }
        let frames = summary.progress.framesFinished
        let rate = Double(frames) / summary.seconds
        let cpuSeconds = (used.cpuSeconds - before.cpuSeconds) / Double(frames)
        let codestreams = try await sampleCodestreams()
        let baseline = try openjphFramesPerSecond(codestreams)
        let floors = try await FetchFloors(
            plan: plan, settings: settings, options: options, sample: codestreams, frames: frames
        ).run()
        return Result(
            framesPerSecond: rate, cpuSecondsPerFrame: cpuSeconds,
            peakMemoryBytes: used.peakMemoryBytes, decodeEquivalent: rate / baseline, frames: frames,
            seconds: summary.seconds,
            receivedMegabytesPerSecond: Double(summary.progress.encodedBytes) / 1e6 / summary.seconds,
            decodedMegabytesPerSecond: Double(summary.progress.decodedBytes) / 1e6 / summary.seconds,
            openjphFramesPerSecond: baseline, format: options.format.rawValue, transport: summary.transport,
            workers: summary.workers, floors: floors,
            overhead: cpuSeconds * 1e3 / floors.sumMilliseconds)
    }

    /// Decodes a sample of the frames with libopenjph on this one core.
    private func openjphFramesPerSecond(_ codestreams: [PooledBuffer]) throws -> Double {
        try CorePinning.onOneCore {
            var decoder = OpenJPHPeer()
            // Once unmeasured: first-seen sizes cost page faults that a long run does not have.
            for codestream in codestreams { _ = try decoder.decode(codestream) }
            let seconds = try (0..<3).map { _ in
                let start = ContinuousClock.now
                for codestream in codestreams { _ = try decoder.decode(codestream) }
                return start.duration(to: .now).inSeconds
            }
            return Double(codestreams.count) / seconds.sorted()[1]
        }
    }

    /// A sample of the frames, fetched into memory.
    private func sampleCodestreams() async throws -> [PooledBuffer] {
        let frames = try MetadataPlanner.plan(contentsOf: plan).frames
        var configuration = TransportConfiguration()
        configuration.caBundlePath = settings.caBundlePath
        let transport = try CurlTransport(configuration: configuration, pool: BufferPool())
        defer { transport.shutdown() }
        let client = HealthImagingClient(transport: transport, settings: settings, retry: options.retry)
        var codestreams: [PooledBuffer] = []
        for index in Self.sample(of: frames.count) {
            let request = try await client.frameRequest(for: frames[index])
            let response = try await transport.send(request, bodySizeHint: nil, bodyLimit: 1 << 30)
            guard response.status == 200 else {
                throw client.serviceError(from: response, operation: "GetImageFrame")
            }
            codestreams.append(response.body)
        }
        return codestreams
    }

    /// Indices spread over 0 ..< count by multiples of the golden ratio: unlike a fixed step, they favour no frame of
    /// a plan that repeats itself.
    private static func sample(of count: Int) -> [Int] {
        guard count > sampleSize else { return Array(0..<count) }
        return (1...sampleSize).map { number in
            let position = Double(number) * 0.618_033_988_749_895
            return Int((position - position.rounded(.down)) * Double(count))
        }
    }
}
