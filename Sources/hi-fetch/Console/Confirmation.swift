/// Asks before something is deleted for good.
enum Confirmation {
    /// Asks on standard error, reads standard input, and returns after a yes.
    ///
    /// - Throws: `CommandFailure` after a no, and where nobody answers; `CancellationError`.
    static func ofDeletion(_ console: Console) async throws {
        console.message("Delete? (y/n)")
        let reader = PromptReader()
        // Whoever gives that many wrong answers is a program, and would go on for ever.
        for _ in 0..<20 {
            guard let line = try await reader.line() else { break }
            switch Console.oneLine(line).lowercased() {
            case "y", "yes": return
            case "n", "no": throw CommandFailure(.interrupted, "nothing was deleted")
            default: console.message("Please answer y or n.")
            }
        }
        throw CommandFailure(
            .unreadableInput,
            "nobody has answered whether to delete, so nothing was deleted; --yes answers ahead")
    }
}
