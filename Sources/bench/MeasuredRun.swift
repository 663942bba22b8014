import FrameEngine

/// One fetch of a plan in this process, and what it took.
struct MeasuredRun: Codable {
    /// How frames are asked for.
    enum Face: String, Codable, CaseIterable {
        /// `FetchSession`: what `hi-fetch fetch` runs on.
        case session
        /// `FrameFetcher`: frames for a program, in the order in which they are finished.
        case library
    }

    let frames: Int
    let seconds: Double
    let cpuSeconds: Double
    /// Resident set at its largest, bytes, of the whole process so far.
    let peakMemoryBytes: Int

    var framesPerSecond: Double { Double(frames) / seconds }
    var cpuMillisecondsPerFrame: Double { cpuSeconds * 1e3 / Double(frames) }

    private init(frames: Int, seconds: Double, since before: ProcessUsage) {
        let used = ProcessUsage.now
        self.frames = frames
        self.seconds = seconds
        cpuSeconds = used.cpuSeconds - before.cpuSeconds
        peakMemoryBytes = used.peakMemoryBytes
    }

    /// Fetches a plan into a folder.
    ///
    /// - Throws: `BenchError` unless every frame was verified.
    static func session(
        plan: String, settings: AWSSettings, options: FetchOptions
    ) async throws -> (run: MeasuredRun, summary: FetchSummary) {
        let before = ProcessUsage.now
        let session = try FetchSession(
            options: options, settings: settings, datastoreID: nil, sources: [.metadataFile(plan)])
        let summary = try await session.run()
        guard case .complete = summary.conclusion else {
            let reason = summary.decisiveError?.message ?? "\(summary.progress.framesByError)"
            throw BenchError("the fetch did not verify every frame: \(reason)")
        }
        return (
            MeasuredRun(frames: summary.progress.framesFinished, seconds: summary.seconds, since: before),
            summary
        )
    }

    /// Takes the frames of a plan from a fetcher, and lets go of each.
    ///
    /// - Throws: the first frame's failure, or what ended the iteration.
    static func library(
        plan: String, settings: AWSSettings, options: FrameFetcher.Options
    ) async throws -> MeasuredRun {
        let before = ProcessUsage.now
        let start = ContinuousClock.now
        let frames = try await withFrameFetcher(settings: settings, options: options) { fetcher in
            let plan = try fetcher.plan(contentsOf: plan)
            var frames = 0
            for try await result in fetcher.frames(of: plan) where try result.get().isVerified { frames += 1 }
            guard frames == plan.frames.count else {
                throw BenchError("the library verified \(frames) of \(plan.frames.count) frames")
            }
            return frames
        }
        return MeasuredRun(frames: frames, seconds: start.duration(to: .now).inSeconds, since: before)
    }
}
