/// Shows progress on standard error while a run goes on: a bar on a terminal, plain lines every few seconds otherwise.
struct ProgressDisplay: Sendable {
    private static let barInterval = Duration.milliseconds(200)
    private static let lineInterval = Duration.seconds(5)

    let console: Console
    /// The present state; called from one task, a few times a second.
    let sample: @Sendable () -> ProgressSample

    /// Runs `work` and shows its progress until it ends.
    func run<Value: Sendable>(
        while work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let ticker = Task { await tick() }
        defer {
            ticker.cancel()
            console.clearStatus()
        }
        let value = try await work()
        ticker.cancel()
        // The bar must not be drawn again after the summary.
        await ticker.value
        return value
    }

    private func tick() async {
        let hasTerminal = console.hasTerminal
        let hasColor = console.hasColor
        var line = ProgressLine()
        line.add(sample())
        while true {
            do {
                try await Task.sleep(for: hasTerminal ? Self.barInterval : Self.lineInterval)
            } catch {
                return
            }
            line.add(sample())
            if hasTerminal {
                console.showStatus(line.bar(width: console.width, color: hasColor))
            } else {
                console.message("hi-fetch: \(line.plain())")
            }
        }
    }
}
