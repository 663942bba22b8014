import Foundation

/// When credentials are to be renewed: two windows before they expire.
///
/// The last 15 minutes, and the last 10, as botocore has them for sessions of an hour; for shorter sessions a quarter
/// and a sixth of the time that there was when they were got, so that they are not renewed for ever.
struct RefreshWindows: Sendable {
    enum Phase: Sendable {
        /// Nothing to do.
        case fresh
        /// New ones are looked for, and nobody waits for them.
        case advisory
        /// New ones are waited for.
        case mandatory
        /// They work no more.
        case over
    }

    private static let longest: (advisory: TimeInterval, mandatory: TimeInterval) = (900, 600)

    private let expiration: Date
    private let advisory: Date
    private let mandatory: Date

    init(from start: Date, to expiration: Date) {
        let lifetime = max(expiration.timeIntervalSince(start), 0)
        self.expiration = expiration
        advisory = expiration - min(Self.longest.advisory, lifetime / 4)
        mandatory = expiration - min(Self.longest.mandatory, lifetime / 6)
    }

    func phase(at date: Date) -> Phase {
        if date >= expiration { return .over }
        if date >= mandatory { return .mandatory }
        return date >= advisory ? .advisory : .fresh
    }
}
