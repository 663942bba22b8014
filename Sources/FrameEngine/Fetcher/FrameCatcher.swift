import Synchronization

/// The sink of a single frame that a program is to have: keeps it as it is, in memory.
final class FrameCatcher: FrameSink {
    private let accepted = Mutex<AcceptedFrame?>(nil)

    func write(_ frame: AcceptedFrame, worker: Int) throws(WriteError) -> WrittenFrame? {
        accepted.withLock { $0 = frame }
        return nil
    }

    /// What was caught; once.
    func take() -> AcceptedFrame? {
        accepted.withLock { accepted in
            defer { accepted = nil }
            return accepted
        }
    }
}
