import FrameEngine

/// Fetches, decodes and verifies every frame of metadata files, with the engine.
package struct FetchStep: Sendable {
    /// Counts so far.
    package typealias Progress = @Sendable (FetchProgress, _ elapsed: Duration) -> Void

    private static let progressInterval = Duration.milliseconds(200)

    private let settings: AWSSettings

    package init(settings: AWSSettings) { self.settings = settings }

    /// Writes raw pixels below `folder`, and goes on where an earlier run into it stopped.
    ///
    /// - Throws: what ends a whole fetch: refused credentials, a service that is not there, a full disk;
    ///   `CancellationError`. Frames that fail are counted in the result.
    package func fetch(
        metadataFiles: [String], into folder: String, progress: @escaping Progress = { _, _ in }
    ) async throws -> JourneyFrames {
        let session = try FetchSession(
            options: FetchOptions(outputDirectory: folder, allowsUnverifiable: true), settings: settings,
            datastoreID: nil, sources: metadataFiles.map { .metadataFile($0) })
        let start = ContinuousClock.now
        let ticker = Task {
            while !Task.isCancelled {
                progress(session.progress, start.duration(to: .now))
                try await Task.sleep(for: Self.progressInterval)
            }
        }
        defer { ticker.cancel() }
        let summary = try await session.run()
        switch summary.conclusion {
        case .stopped(let error): throw error
        case .interrupted: throw CancellationError()
        case .complete, .someFailed: break
        }
        let counts = summary.progress
        if counts.framesPlanned == 0, let failure = summary.sourceFailures.first { throw failure.error }
        return JourneyFrames(
            planned: counts.framesPlanned, verified: counts.verified, resumed: counts.resumed,
            unverifiable: counts.unverifiable, mismatched: counts.mismatch, failed: counts.failed,
            imageSetsFailed: counts.imageSetsFailed, encodedBytes: counts.encodedBytes,
            decodedBytes: counts.decodedBytes, seconds: summary.seconds, folder: summary.outputDirectory)
    }
}
