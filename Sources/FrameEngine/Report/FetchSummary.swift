import Foundation

/// How a whole fetch ended.
public enum FetchConclusion: Sendable {
    /// Every frame verified, or without a checksum and allowed.
    case complete
    /// The run went to its end, and some frames or image sets failed.
    case someFailed
    /// The user stopped it; what was recorded stays.
    case interrupted
    /// Something that every other frame would meet too ended the run: a full disk, refused credentials, a service
    /// that is not there.
    case stopped(any StageError)
}

/// A planning failure: which source, and why.
public struct SourceFailure: Error {
    public let source: String
    public let error: any StageError
}

/// What a fetch leaves behind, and says at its end.
public struct FetchSummary: Sendable {
    public internal(set) var conclusion: FetchConclusion
    public let progress: FetchProgress
    public let elapsed: Duration
    public let startedAt: Date
    /// The first failures of planning, 100 at most; `progress.imageSetsFailed` counts all.
    public let sourceFailures: [SourceFailure]
    public let outputDirectory: String
    public let format: OutputFormat
    public let resolution: ResolutionChoice
    public let workers: Int
    /// How requests went out, for the record: protocol, connections.
    public let transport: String

    /// The one error that says why nothing, or nothing more, was fetched: what stopped the run, or the failed
    /// plan of a run without any frame. Nil when frames were fetched to the end.
    public var decisiveError: (any StageError)? {
        if case .stopped(let error) = conclusion { return error }
        return progress.framesFinished == 0 ? sourceFailures.first?.error : nil
    }

    /// The elapsed time in seconds.
    public var seconds: Double {
        Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
    }
}
