import Dispatch
import Foundation
import Synchronization

/// Turns Ctrl-C (SIGINT), SIGTERM and a terminal's hang-up (SIGHUP) into an orderly end, and a second one of the first
/// two into an immediate end.
///
/// A hang-up comes from the shell and from the kernel, twice in short order, and hurries nobody. Where it is ignored, as
/// under nohup, it stays so. Watches until `stop()`.
final class InterruptSignals {
    private let numbers: [Int32]
    private let sources: [any DispatchSourceSignal]

    /// Calls `onFirst` at the first signal, on a queue of its own; another ends the process with status 130.
    ///
    /// An immediate end leaves whole files only: a file gets its name after its last byte.
    init(onFirst: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "hi-fetch.signals")
        let counter = SignalCounter()
        numbers = [SIGINT, SIGTERM] + (Self.isIgnored(SIGHUP) ? [] : [SIGHUP])
        sources = numbers.map { number in
            // The default action would end the process before the source sees the signal.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if counter.next() == 1 {
                    onFirst()
                } else if number != SIGHUP {
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
        for number in numbers { signal(number, SIG_DFL) }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        // Functions cannot be compared; SIG_IGN is a number made one.
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
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
