@testable import LocalImaging

extension LocalServerConfiguration {
    /// Runs a server on a free port for as long as `body` takes, and expects it to end in good order.
    func serving(_ body: @escaping @Sendable (LocalServerAddress) async throws -> Void) async throws {
        let server = try LocalServer(configuration: self)
        let (ready, told) = AsyncStream.makeStream(of: LocalServerAddress.self)
        let running = Task {
            defer { told.finish() }
            try await server.run { told.yield($0) }
        }
        var result: Result<Void, any Error> = .success(())
        for await address in ready {
            do { try await body(address) } catch { result = .failure(error) }
            running.cancel()
        }
        try await running.value
        try result.get()
    }
}
