import Foundation
import Synchronization

/// Standard output for results, standard error for progress and messages; each line is written whole.
///
/// Any thread may use it.
final class Console: Sendable {
    /// The process's own.
    static let standard = Console()

    private struct State {
        var hasStatusLine = false
        /// Why the first results that did not get out did not: an errno.
        var outputFailure: Int32?
        /// Whether the reader of standard output went away.
        var isOutputClosed = false
        var onClosedOutput: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// One line of results on standard output.
    func result(_ line: String) {
        writeResult(Array((line + "\n").utf8))
    }

    /// Ready-made lines on standard output, line feeds included.
    func result(bytes: [UInt8]) {
        writeResult(bytes)
    }

    /// `value` as one line of JSON on standard output.
    func json(_ value: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            writeResult(Array(try encoder.encode(value)) + [UInt8(ascii: "\n")])
        } catch {
            // Only a number that JSON cannot say (NaN, infinity) gets here.
            self.error("a result cannot be told as JSON: \(error)")
        }
    }

    /// Why results did not get out, as an errno; nil while all did. What comes after the first failure is not written.
    var outputFailure: Int32? { state.withLock { $0.outputFailure } }

    /// What to do when the reader of standard output goes away: `action`, once, and results are dropped from then on.
    /// Without an action (nil, as at first) the process ends, as `BrokenPipe` says; with the next result if the reader
    /// went away before.
    func whenOutputCloses(_ action: (@Sendable () -> Void)?) {
        state.withLock { $0.onClosedOutput = action }
    }

    /// One line on standard error.
    func message(_ line: String) {
        writeMessage(line + "\n", isStatusLine: false)
    }

    /// `hi-fetch: error: …`, one line on standard error whatever line feeds the text has.
    func error(_ text: String) {
        message("hi-fetch: error: \(Self.oneLine(text))")
    }

    /// `hi-fetch: warning: …`, as `error`.
    func warning(_ text: String) {
        message("hi-fetch: warning: \(Self.oneLine(text))")
    }

    /// Draws `line` on the terminal's last line, over what the previous call drew.
    func showStatus(_ line: String) {
        writeMessage(line, isStatusLine: true)
    }

    /// Takes away what `showStatus` drew.
    func clearStatus() {
        writeMessage("", isStatusLine: false)
    }

    /// Whether standard error is a terminal that understands cursor movement.
    var hasTerminal: Bool {
        isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    /// Whether colour is welcome on standard error (https://no-color.org: any non-empty NO_COLOR refuses it).
    var hasColor: Bool {
        hasTerminal && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
    }

    /// Columns of the terminal on standard error; 80 where it does not tell.
    var width: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// `text` with control characters (a server may have sent it) replaced by spaces.
    static func oneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : $0 })
        )
        .trimmingCharacters(in: .whitespaces)
    }

    private func writeMessage(_ text: String, isStatusLine: Bool) {
        state.withLock { state in
            // Carriage return and "erase to end of line" (ECMA-48, EL).
            let prefix = state.hasStatusLine ? "\r\u{1b}[K" : ""
            state.hasStatusLine = isStatusLine
            // Nobody is left to tell that messages cannot be told.
            _ = Self.writeAll(Array((prefix + text).utf8), to: STDERR_FILENO)
        }
    }

    private func writeResult(_ bytes: [UInt8]) {
        let isFirstToClosed = state.withLock { state in Self.isFirstToClosedOutput(bytes, &state) }
        guard let isFirstToClosed else { return }
        guard let action = state.withLock({ $0.onClosedOutput }) else { BrokenPipe.endProcess() }
        if isFirstToClosed { action() }
    }

    /// Writes `bytes`, or drops them.
    ///
    /// - Returns: nil unless standard output has no reader; then whether this is the first result that had none.
    private static func isFirstToClosedOutput(_ bytes: [UInt8], _ state: inout State) -> Bool? {
        if state.hasStatusLine {
            // Results on the same terminal must not begin behind the bar.
            _ = writeAll(Array("\r\u{1b}[K".utf8), to: STDERR_FILENO)
            state.hasStatusLine = false
        }
        if state.isOutputClosed { return false }
        if state.outputFailure != nil { return nil }
        let failure = writeAll(bytes, to: STDOUT_FILENO)
        if failure == EPIPE {
            state.isOutputClosed = true
            return true
        }
        state.outputFailure = failure
        return nil
    }

    /// Writes all of `bytes`, waiting for a descriptor that does not block by itself.
    ///
    /// - Returns: the errno of what it could not write; nil when all is written.
    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                Glibc.write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count > 0 {
                written += count
                continue
            }
            let failure = count == 0 ? EIO : errno
            switch failure {
            case EINTR: continue
            case EAGAIN:
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            default: return failure
            }
        }
        return nil
    }
}
