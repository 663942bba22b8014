import Foundation
import Synchronization

/// Reads lines of standard input. Waiting for one keeps no thread, and ends when the task is cancelled.
///
/// At a terminal the input ends with Ctrl-D, but only for the line that is waited for: the next one is read again.
///
/// Any thread; one task at a time.
final class PromptReader: Sendable {
    private static let lineLimit = 64 << 10
    private static let pollInterval = Duration.milliseconds(30)

    private struct State {
        var bytes: [UInt8] = []
        var hasEnded = false
    }

    private let state = Mutex(State())

    /// The next line without its end; nil when the input has ended. A last line without an end counts as one.
    ///
    /// - Throws: `CancellationError`.
    func line() async throws -> String? {
        while true {
            try Task.checkCancellation()
            if let line = takeLine() { return line }
            if state.withLock({ $0.hasEnded }) {
                if isatty(STDIN_FILENO) == 1 { state.withLock { $0.hasEnded = false } }
                return nil
            }
            var waiting = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            if poll(&waiting, 1, 0) > 0 {
                readMore()
            } else {
                try await Task.sleep(for: Self.pollInterval)
            }
        }
    }

    /// What `poll` announced does not block.
    private func readMore() {
        var chunk = [UInt8](repeating: 0, count: 4096)
        let count = chunk.withUnsafeMutableBytes { Glibc.read(STDIN_FILENO, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR || errno == EAGAIN { return }
        state.withLock { state in
            if count > 0 { state.bytes += chunk[..<count] }
            // Whoever sends a line that long answers no question.
            if count <= 0 || state.bytes.count > Self.lineLimit { state.hasEnded = true }
        }
    }

    private func takeLine() -> String? {
        state.withLock { state in
            let end = state.bytes.firstIndex(of: UInt8(ascii: "\n"))
            guard let end = end ?? (state.hasEnded && !state.bytes.isEmpty ? state.bytes.endIndex : nil)
            else {
                return nil
            }
            let line = String(decoding: state.bytes[..<end], as: UTF8.self)
            state.bytes.removeFirst(min(end + 1, state.bytes.count))
            return line
        }
    }
}
