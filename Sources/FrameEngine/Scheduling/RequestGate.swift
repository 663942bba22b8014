/// What a request waits for before it is sent, and what is learned from how it ends: the rate, the number in flight,
/// and whether the service is there. Thread-safe.
struct RequestGate: Sendable {
    let slots: RequestSlots
    let pacer: RequestPacer
    let health: ServiceHealth

    /// Sends one request when its turn has come.
    ///
    /// - Parameter send: makes the request as well, so that its signature is not old when it is sent.
    /// - Throws: what `send` throws, and `CancellationError`.
    func pass(_ send: () async throws -> HTTPResponse) async throws -> HTTPResponse {
        try await pacer.take()
        let slot = try await slots.take()
        defer { slot.release() }
        do {
            let response = try await send()
            if response.status < 500 { health.noteAnswer() }
            slots.note(response.status < 500 ? .answered : .failed)
            // 503 is how some fronts of the service say 429.
            pacer.note(refused: response.status == 429 || response.status == 503)
            return response
        } catch let error as UnexpectedContentError {
            slots.note(.failed)
            throw error
        } catch let error as TransportError {
            slots.note(.failed)
            throw error
        }
    }
}
