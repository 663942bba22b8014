import Synchronization

/// Threads without work of their own that help a decoder with one large frame.
///
/// The team has no threads itself: it borrows those of a pool that are idle when a large frame begins, so no more run
/// at once than the pool has. Where all are busy, every one with its own frame, nothing is shared. Thread-safe; one
/// team for all decoders of a pool.
public final class DecodeTeam: Sendable {
    /// Calls `help` once on each of at most `most` idle threads, soon, and returns on how many. Never waits.
    public typealias Lender = @Sendable (_ most: Int, _ help: @escaping @Sendable () -> Void) -> Int

    /// Frames of fewer samples are not shared: waking a thread costs tens of microseconds a step, and a frame of this
    /// size takes about 2 ms on one core.
    public static let leastSamples = 2 << 20

    private static let helpersLimit = 15
    private let lender = Mutex<Lender?>(nil)

    /// A team that has nobody to borrow from yet.
    public init() {}

    /// Where helpers come from, from now on.
    public func borrow(from lender: @escaping Lender) { self.lender.withLock { $0 = lender } }

    /// Asks for helpers for `frame`. They wait until it is opened or closed, and one of both must follow.
    func gather(for frame: SharedFrame) -> Int {
        guard let lender = lender.withLock({ $0 }) else { return 0 }
        return lender(Self.helpersLimit) { frame.help() }
    }
}
