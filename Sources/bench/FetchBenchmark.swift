import Foundation
import FrameEngine

/// A whole fetch beside its baseline, bare libopenjph decoding of the same frames on one core, and beside its floors.
///
/// All of it is measured in rounds, and figures are medians: the memory that a first round writes to may be new to a
/// virtual machine, which costs more than the fetch itself, and a host gives a machine more and less from second to second.
struct FetchBenchmark {
    /// The figures of the contract, and what they are made of.
    struct Result: Codable {
        let rounds: Int
        let framesPerSecond: Double
        let cpuSecondsPerFrame: Double
        /// Resident set at its largest, bytes, of the whole process up to the end of the first fetch.
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

    /// What one round measured.
    private struct Round {
        let run: MeasuredRun
        let summary: FetchSummary
        let openjphFramesPerSecond: Double
        let floors: FetchFloors.Result

        var decodeEquivalent: Double { run.framesPerSecond / openjphFramesPerSecond }
        var overhead: Double { run.cpuMillisecondsPerFrame / floors.sumMilliseconds }
    }

    /// How many of the plan's frames the baseline decodes.
    private static let sampleSize = 200

    let plan: String
    let settings: AWSSettings
    let options: FetchOptions
    let rounds: Int

    func run() async throws -> Result {
        var measured: [Round] = []
        var fetched = try await fetch()
        // Before the sample is in memory as well.
        let peakMemory = fetched.run.peakMemoryBytes
        let codestreams = try await sampleCodestreams()
        for number in 1...rounds {
            if number > 1 { fetched = try await fetch() }
            measured.append(
                Round(
                    run: fetched.run, summary: fetched.summary,
                    openjphFramesPerSecond: try openjphFramesPerSecond(codestreams),
                    floors: try await FetchFloors(
                        plan: plan, settings: settings, options: options, sample: codestreams,
                        frames: fetched.run.frames
                    ).run()))
        }
        return Self.result(of: measured, peakMemory: peakMemory, options)
    }

    private func fetch() async throws -> (run: MeasuredRun, summary: FetchSummary) {
        try await MeasuredRun.session(plan: plan, settings: settings, options: options)
    }

    private static func result(of rounds: [Round], peakMemory: Int, _ options: FetchOptions) -> Result {
        func median(_ value: (Round) -> Double) -> Double { DecodeBenchmark.median(rounds.map(value)) }
        let last = rounds[rounds.count - 1]
        let seconds = median(\.run.seconds)
        return Result(
            rounds: rounds.count, framesPerSecond: median(\.run.framesPerSecond),
            cpuSecondsPerFrame: median(\.run.cpuMillisecondsPerFrame) / 1e3, peakMemoryBytes: peakMemory,
            decodeEquivalent: median(\.decodeEquivalent), frames: last.run.frames, seconds: seconds,
            receivedMegabytesPerSecond: Double(last.summary.progress.encodedBytes) / 1e6 / seconds,
            decodedMegabytesPerSecond: Double(last.summary.progress.decodedBytes) / 1e6 / seconds,
            openjphFramesPerSecond: median(\.openjphFramesPerSecond), format: options.format.rawValue,
            transport: last.summary.transport, workers: last.summary.workers,
            floors: FetchFloors.Result(
                transportMilliseconds: median(\.floors.transportMilliseconds),
                decodeMilliseconds: median(\.floors.decodeMilliseconds),
                checksumMilliseconds: median(\.floors.checksumMilliseconds),
                writeMilliseconds: median(\.floors.writeMilliseconds)),
            overhead: median(\.overhead))
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
