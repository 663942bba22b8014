/// Notices that a transfer stands still: the loop shows it the byte count now and then.
///
/// It is independent of curl's own low-speed limit on purpose. A fault in curl that loses a transfer loses its
/// timer as well; this one runs in our loop and cannot be lost with it.
struct ProgressWatch: Sendable {
    private var bytes: Int
    private var since: ContinuousClock.Instant

    init(bytes: Int = 0, now: ContinuousClock.Instant) {
        self.bytes = bytes
        since = now
    }

    /// Takes note of the bytes moved so far, in both directions, and says how long they have not changed.
    mutating func stillness(bytes newBytes: Int, now: ContinuousClock.Instant) -> Duration {
        if newBytes != bytes {
            bytes = newBytes
            since = now
        }
        return now - since
    }
}
