/// Tells a service that wants less from one that fails at random: slowing down helps against the first only.
///
/// Fed once an epoch with how many requests were refused. It asks to slow down while refusals are frequent and fewer
/// requests make them rarer; where three cuts in a row have not halved their share it says so, and stays quiet for a
/// while.
struct SlowdownJudge {
    enum Verdict: Equatable {
        /// Nothing to do.
        case fine
        case slowDown
        /// Slowing down has not helped: what was cut may be given back.
        case pointless
    }

    /// Fewer refusals than this share are cheaper than a slower run.
    static let tolerated = 0.1
    /// Fewer requests say too little about a share.
    private static let leastRequests = 100
    private static let cuts = 3
    private static let quietVerdicts = 30

    private var refused = 0
    private var answered = 0
    /// The share at the first of the cuts that are being tried.
    private var shareBeforeCuts: Double?
    private var cutsTried = 0
    private var quiet = 0

    mutating func judge(refused newlyRefused: Int, answered newlyAnswered: Int) -> Verdict {
        refused += newlyRefused
        answered += newlyAnswered
        guard refused + answered >= Self.leastRequests else { return .fine }
        let share = Double(refused) / Double(refused + answered)
        refused = 0
        answered = 0
        if quiet > 0 {
            quiet -= 1
            return .fine
        }
        guard share > Self.tolerated else {
            shareBeforeCuts = nil
            return .fine
        }
        if let before = shareBeforeCuts, share > before / 2 {
            cutsTried += 1
        } else {
            shareBeforeCuts = share
            cutsTried = 1
        }
        guard cutsTried <= Self.cuts else {
            shareBeforeCuts = nil
            quiet = Self.quietVerdicts
            return .pointless
        }
        return .slowDown
    }
}
