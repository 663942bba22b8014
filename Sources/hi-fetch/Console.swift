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
    }

    private let state = Mutex(State())

    /// One line of results on standard output.
    func result(_ line: String) {
        write(Array((line + "\n").utf8), to: STDOUT_FILENO)
    }

    /// Ready-made lines on standard output, line feeds included.
    func result(bytes: [UInt8]) {
        write(bytes, to: STDOUT_FILENO)
    }

    /// `value` as one line of JSON on standard output.
    func json(_ value: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            write(Array(try encoder.encode(value)) + [UInt8(ascii: "\n")], to: STDOUT_FILENO)
        } catch {
            // Only a number that JSON cannot say (NaN, infinity) gets here.
            self.error("a result cannot be told as JSON: \(error)")
        }
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
            Self.writeAll(Array((prefix + text).utf8), to: STDERR_FILENO)
        }
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) {
        state.withLock { state in
            if state.hasStatusLine {
                // Results on the same terminal must not begin behind the bar.
                Self.writeAll(Array("\r\u{1b}[K".utf8), to: STDERR_FILENO)
                state.hasStatusLine = false
            }
            Self.writeAll(bytes, to: descriptor)
        }
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
        bytes.withUnsafeBytes { bytes in
            var written = 0
            while written < bytes.count {
                let count = Glibc.write(
                    descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
                if count > 0 {
                    written += count
                } else if errno == EPIPE, descriptor == STDOUT_FILENO {
                    BrokenPipe.endProcess()
                } else if errno != EINTR {
                    return
                }
            }
        }
    }
}
