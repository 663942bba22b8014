/// Counts of a fetch at one moment. Bytes and frames, since its start.
public struct FetchProgress: Sendable, Equatable, Codable {
    /// Image sets whose frames are known.
    public var imageSetsPlanned = 0
    /// Image sets whose metadata could not be had or read.
    public var imageSetsFailed = 0
    /// Frames known so far; more may come while `planIsComplete` is false.
    public var framesPlanned = 0
    public var planIsComplete = false
    /// Frames that an earlier run had finished and whose files are there: not fetched, and not counted below.
    public var resumed = 0
    public var verified = 0
    public var unverifiable = 0
    public var mismatch = 0
    public var failed = 0
    /// Requests for frames, repeated ones included.
    public var frameRequests = 0
    /// Bytes of finished frames as served.
    public var encodedBytes = 0
    /// Bytes of finished frames after decoding.
    public var decodedBytes = 0
    /// Finished frames by the codec that made their bytes.
    public var framesByDecoder: [String: Int] = [:]
    /// Frames that the preferred decoder did not decode, by its reason.
    public var framesByFallbackReason: [String: Int] = [:]
    /// Unverifiable frames, by the reason.
    public var framesByUnverifiableReason: [String: Int] = [:]
    /// Decoded frames by the count of resolutions that were left out.
    public var framesByReduction: [String: Int] = [:]
    /// Frames that have no resolution as low as the one asked for; their lowest was taken, or the frame as stored.
    public var framesLackingResolution = 0
    /// Frames that came with wrong bytes, healed ones included, by whose fault it was.
    public var framesByMismatchCause: [String: Int] = [:]
    /// Failed and mismatched frames by `stage/code`.
    public var framesByError: [String: Int] = [:]

    /// Errors after which a frame was asked for again, by `stage/code`, whether it healed or not.
    public var retriesByError: [String: Int] = [:]

    private static let errorKeysKept = 64

    public init() {}

    /// Frames that have ended, one way or the other.
    public var framesFinished: Int { framesFetched + resumed }

    /// Frames of this run that have ended, one way or the other.
    public var framesFetched: Int { verified + unverifiable + mismatch + failed }

    mutating func count(_ outcome: FrameOutcome) {
        switch outcome.status {
        case .verified: verified += 1
        case .unverifiable: unverifiable += 1
        case .mismatch: mismatch += 1
        case .failed: failed += 1
        }
        frameRequests += outcome.attempts
        encodedBytes += outcome.encodedBytes
        decodedBytes += outcome.decodedBytes
        if let decoder = outcome.decoder { framesByDecoder[decoder, default: 0] += 1 }
        if let reason = outcome.fallbackReason { framesByFallbackReason[reason, default: 0] += 1 }
        if let reason = outcome.unverifiableReason {
            framesByUnverifiableReason[reason.rawValue, default: 0] += 1
        }
        if let reduction = outcome.reduction { framesByReduction[String(reduction), default: 0] += 1 }
        if outcome.lacksResolution { framesLackingResolution += 1 }
        if let cause = outcome.mismatchCause { framesByMismatchCause[cause.rawValue, default: 0] += 1 }
        if let failure = outcome.failure { Self.add(1, to: &framesByError, key: failure.key) }
        for (key, count) in outcome.retriesByError { Self.add(count, to: &retriesByError, key: key) }
    }

    /// Some codes come from the service, which may invent a new one for every frame.
    private static func add(_ count: Int, to counts: inout [String: Int], key: String) {
        let isKept = counts[key] != nil || counts.count < errorKeysKept
        counts[isKept ? key : "other", default: 0] += count
    }
}
