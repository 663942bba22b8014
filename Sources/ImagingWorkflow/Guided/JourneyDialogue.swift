/// Whom the guided workflow talks to: a person at a terminal, a pipe, a test.
package protocol JourneyDialogue: Sendable {
    /// Tells one event. Any thread.
    func tell(_ event: JourneyEvent)

    /// Asks, and returns the line that was answered, without its end and without blanks around it.
    ///
    /// - Throws: `JourneyError` of reason `.noAnswer` where the input has ended; `CancellationError`.
    func ask(_ question: JourneyQuestion) async throws -> String
}

/// Where the state of a journey is kept.
package protocol JourneyStore: Sendable {
    /// Replaces what was kept, as a whole.
    func save(_ state: JourneyState) throws(JourneyError)
}
