import ArgumentParser

extension AsyncParsableCommand {
    /// Runs `work`; the first Ctrl-C cancels it, so that it leaves nothing half-made, and the program ends with 130.
    static func interruptible<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task { try await work() }
        let signals = InterruptSignals { task.cancel() }
        defer { signals.stop() }
        return try await task.value
    }
}
