/// Tells a permission that a caller lacks for some things, image sets with certain tags for instance, from one that it
/// lacks altogether: the first costs those things, the second ends the run before it has asked for everything.
///
/// Fed with what became of each image set or frame. A value; no thread of its own.
public struct DenialJudge: Sendable {
    /// Denials in a row until the run ends, while nothing has been permitted yet and afterwards.
    private static let limits = (atFirst: 16, later: 1_000)

    private var isPermitted = false
    private var inARow = 0
    /// The last denial.
    private var last: ServiceError?

    public init() {}

    /// Something was not denied.
    public mutating func notePermitted() {
        isPermitted = true
        inARow = 0
    }

    /// Something was denied.
    ///
    /// - Returns: whether the run should end.
    public mutating func note(_ denial: ServiceError) -> Bool {
        last = denial
        inARow += 1
        return inARow >= (isPermitted ? Self.limits.later : Self.limits.atFirst)
    }

    /// The last denial, where there was nothing but denials.
    var totalDenial: ServiceError? { isPermitted ? nil : last }
}
