import Foundation

/// What happens when the reader of a pipe goes away.
enum BrokenPipe {
    /// Turns the signal off, so that a peer that hangs up is an error of that one connection.
    static func leaveToWriters() {
        signal(SIGPIPE, SIG_IGN)
    }

    /// Ends as a program does whose output nobody reads (`hi-fetch plan --json | head`).
    static func endProcess() -> Never {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
        _exit(128 + SIGPIPE)
    }
}
