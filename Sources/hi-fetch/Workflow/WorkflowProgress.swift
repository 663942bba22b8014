import FrameEngine
import ImagingWorkflow
import Synchronization

/// Shows how far a step is, on standard error: on a terminal on one line that changes, otherwise a line now and then.
final class WorkflowProgress: Sendable {
    private static let lineInterval = Duration.seconds(5)
    private static let barInterval = Duration.milliseconds(100)

    private struct State {
        var lastShown: ContinuousClock.Instant?
        var lastText = ""
    }

    private let console: Console
    private let hasTerminal: Bool
    private let state = Mutex(State())

    init(console: Console) {
        self.console = console
        hasTerminal = console.hasTerminal
    }

    /// Any thread.
    func show(_ progress: JourneyProgress) {
        guard let text = Self.text(progress) else { return }
        let isNews = Self.isNews(progress)
        let isDue = state.withLock { state in
            let now = ContinuousClock.now
            let interval = hasTerminal ? Self.barInterval : Self.lineInterval
            let isDue = state.lastShown.map { $0.duration(to: now) >= interval } ?? true
            guard text != state.lastText, isDue || isNews else { return false }
            state.lastShown = now
            state.lastText = text
            return true
        }
        guard isDue else { return }
        if hasTerminal {
            console.showStatus(String(text.prefix(max(0, console.width - 1))))
        } else {
            console.message("hi-fetch: \(text)")
        }
    }

    /// Takes the line away.
    func end() {
        let wasShown = state.withLock { state in
            defer { state = State() }
            return state.lastShown != nil
        }
        if wasShown, hasTerminal { console.clearStatus() }
    }

    /// Whether each one counts, however close it comes to the last.
    private static func isNews(_ progress: JourneyProgress) -> Bool {
        switch progress {
        case .stack: true
        default: false
        }
    }

    /// Nil where there is nothing to tell yet.
    static func text(_ progress: JourneyProgress) -> String? {
        switch progress {
        case .stack(let line):
            return "stack: \(Console.oneLine(line))"
        case .objects(let done, let total):
            guard let total else { return "copying: \(Formatting.count(done, of: "file"))" }
            return "copying: \(Formatting.count(done))/\(Formatting.count(total, of: "file"))"
        case .importJob(let status, let elapsed):
            return "import job: \(Console.oneLine(status)), \(Formatting.clock(elapsed))"
        case .manifest(let attempt):
            return "the import job's manifest is not there yet (attempt \(attempt))"
        case .imageSetsDescribed(let done, let total):
            return "metadata: \(Formatting.count(done))/\(Formatting.count(total, of: "image set"))"
        case .frames(let progress, let elapsed):
            if progress.framesPlanned == 0 { return nil }
            let seconds = max(elapsed.seconds, 0.001)
            let rate = Formatting.rate(bytesPerSecond: Double(progress.decodedBytes) / seconds)
            return "frames: \(Formatting.count(progress.framesFinished))/"
                + "\(Formatting.count(progress.framesPlanned)), \(rate) decoded"
        case .imageSetsDeleted(_, 0, _): return nil
        case .imageSetsDeleted(let done, let total, let left):
            return "deleting image sets: \(Formatting.count(done))/\(Formatting.count(total)), ETA "
                + Formatting.clock(left)
        case .objectsDeleted(let count):
            return "deleting objects: \(Formatting.count(count))"
        }
    }
}
