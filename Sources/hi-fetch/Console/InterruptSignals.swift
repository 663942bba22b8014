import Dispatch
import Foundation
import Synchronization

/// Turns Ctrl-C (SIGINT) and SIGTERM into an orderly end, and a second one into an immediate end.
///
/// Watches until `stop()`.
final class InterruptSignals {
    private let sources: [any DispatchSourceSignal]

    /// Calls `onFirst` at the first signal, on a queue of its own; the second ends the process with status 130.
    ///
    /// An immediate end leaves whole files only: a file gets its name after its last byte.
    init(onFirst: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "hi-fetch.signals")
        let counter = SignalCounter()
        sources = [SIGINT, SIGTERM].map { number in
            // The default action would end the process before the source sees the signal.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if counter.next() == 1 {
                    onFirst()
                } else {
                    _exit(ExitStatus.interrupted.rawValue)
                }
            }
            source.resume()
            return source
        }
    }

    /// Gives the signals their usual meaning back.
    func stop() {
        for source in sources { source.cancel() }
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    }
}

private final class SignalCounter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
