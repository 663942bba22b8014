import Foundation
import Testing

@testable import FrameEngine

@Suite("Credentials that are about to expire")
struct CredentialsWindowsTests {
    /// A clock that stands until it is set, and a place that gives what it is told to.
    private final class World: Sendable {
        let time = Shared(Date(timeIntervalSince1970: 1_000_000))
        let looks = Shared(0)
        /// The lifetime of what is given, in seconds; nil: it fails.
        let lifetime = Shared<TimeInterval?>(3600)
        /// Whether each look gives other keys than the one before.
        let givesNewKeys = Shared(true)
        private let gate = Shared<AsyncStream<Void>?>(nil)

        func chain(renewalPause: Duration = .seconds(1000)) -> CredentialsChain {
            CredentialsChain(
                [Source(world: self)], pause: .zero, renewalPause: renewalPause, now: { self.time.value })
        }

        func pass(_ seconds: TimeInterval) { time.withLock { $0 += seconds } }

        /// From now on looks wait until the continuation is finished.
        func hold() -> AsyncStream<Void>.Continuation {
            let (stream, continuation) = AsyncStream<Void>.makeStream()
            gate.withLock { $0 = stream }
            return continuation
        }

        func look() async throws(CredentialsError) -> AWSCredentials {
            let number = looks.withLock { looks in
                looks += 1
                return looks
            }
            if let gate = gate.value { for await _ in gate {} }
            if Task.isCancelled { throw CredentialsError(.unreachable, "the look was cancelled") }
            guard let lifetime = lifetime.value else {
                throw CredentialsError(.unreachable, "the place is ill")
            }
            return AWSCredentials(
                accessKeyID: "KEY\(givesNewKeys.value ? number : 1)", secretAccessKey: "S", sessionToken: "T",
                expiration: time.value + lifetime)
        }

        /// Waits until so many looks have begun.
        func begun(_ count: Int) async throws {
            while looks.value < count { try await Task.sleep(for: .milliseconds(1)) }
        }
    }

    private struct Source: CredentialsSource {
        let world: World
        var name: String { "test" }
        func load() async throws(CredentialsError) -> CredentialsLookup { .found(try await world.look()) }
    }

    @Test("have windows of 15 and 10 minutes, and a quarter and a sixth of a short session")
    func windows() {
        let start = Date(timeIntervalSince1970: 0)
        let cases: [(lifetime: TimeInterval, advisory: TimeInterval, mandatory: TimeInterval)] = [
            (43200, 900, 600), (3600, 900, 600), (900, 225, 150), (60, 15, 10), (0, 0, 0),
        ]
        for (lifetime, advisory, mandatory) in cases {
            let windows = RefreshWindows(from: start, to: start + lifetime)
            if lifetime > 0 { #expect(windows.phase(at: start) == .fresh) }
            if lifetime > 0 { #expect(windows.phase(at: start + lifetime - advisory - 1) == .fresh) }
            if lifetime > 0 { #expect(windows.phase(at: start + lifetime - advisory) == .advisory) }
            if lifetime > 0 { #expect(windows.phase(at: start + lifetime - mandatory) == .mandatory) }
            #expect(windows.phase(at: start + lifetime) == .over)
        }
        #expect(RefreshWindows(from: start, to: start - 5).phase(at: start) == .over)
    }

    @Test("are renewed in the first window while everybody goes on with the old ones, once for all")
    func advisory() async throws {
        let world = World()
        let chain = world.chain()
        #expect(try await chain.credentials()?.accessKeyID == "KEY1")
        world.pass(3600 - 900 - 1)
        #expect(try await chain.credentials()?.accessKeyID == "KEY1")
        #expect(world.looks.value == 1, "they were fresh")
        let gate = world.hold()
        world.pass(1)
        for _ in 0..<50 { #expect(try await chain.credentials()?.accessKeyID == "KEY1") }
        try await world.begun(2)
        for _ in 0..<50 { #expect(try await chain.credentials()?.accessKeyID == "KEY1") }
        gate.finish()
        while try await chain.credentials()?.accessKeyID != "KEY2" {
            try await Task.sleep(for: .milliseconds(1))
        }
        #expect(world.looks.value == 2)
    }

    @Test("are waited for in the second window, by all callers at once")
    func mandatory() async throws {
        let world = World()
        let chain = world.chain()
        _ = try await chain.credentials()
        world.pass(3600 - 600)
        let gate = world.hold()
        let keys = try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 0..<100 { group.addTask { try await chain.credentials()?.accessKeyID } }
            try await world.begun(2)
            gate.finish()
            return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
        }
        #expect(keys == ["KEY2"])
        #expect(world.looks.value == 2)
    }

    @Test("stay in use while they are valid and cannot be renewed, and the place is not asked each time")
    func failing() async throws {
        let world = World()
        let chain = world.chain()
        _ = try await chain.credentials()
        world.lifetime.withLock { $0 = nil }
        world.pass(3600 - 600)
        for _ in 0..<10 { #expect(try await chain.credentials()?.accessKeyID == "KEY1") }
        #expect(world.looks.value == 2)
        world.pass(599)
        #expect(try await chain.credentials()?.accessKeyID == "KEY1")
        world.pass(1)
        let error = await #expect(throws: CredentialsError.self) { try await chain.credentials() }
        #expect(error?.message.contains("the place is ill") == true)
        world.lifetime.withLock { $0 = 3600 }
        #expect(try await chain.credentials()?.accessKeyID == "KEY4")
    }

    @Test("are looked for again after a failure in the first window, when the pause is over")
    func failingEarly() async throws {
        let world = World()
        let chain = world.chain(renewalPause: .zero)
        _ = try await chain.credentials()
        world.lifetime.withLock { $0 = nil }
        world.pass(3600 - 900)
        for count in 2...4 {
            while world.looks.value < count {
                #expect(try await chain.credentials()?.accessKeyID == "KEY1")
                try await Task.sleep(for: .milliseconds(1))
            }
        }
    }

    @Test("that the place gives again, since it has no newer ones yet, are no reason to ask each time")
    func nothingNewer() async throws {
        let world = World()
        world.givesNewKeys.withLock { $0 = false }
        let end = world.time.value + 3600
        let chain = world.chain()
        _ = try await chain.credentials()
        world.pass(3600 - 300)
        world.lifetime.withLock { $0 = end.timeIntervalSince(world.time.value) }
        for _ in 0..<10 { #expect(try await chain.credentials()?.accessKeyID == "KEY1") }
        #expect(world.looks.value == 2)
    }

    @Test("are an error when a place gives such that have expired already")
    func expiredAlready() async throws {
        let world = World()
        world.lifetime.withLock { $0 = -1 }
        let error = await #expect(throws: CredentialsError.self) { try await world.chain().credentials() }
        #expect(error?.reason == .expired)
        #expect(error?.message.contains("1970-01-12T13:46:39Z") == true, "\(error?.message ?? "")")
    }

    @Test(
        "are not looked for any more when the last caller that waits is cancelled, and are for the next one")
    func cancelled() async throws {
        let world = World()
        let chain = world.chain()
        let gate = world.hold()
        let tasks = (0..<3).map { _ in Task { try await chain.credentials() } }
        try await world.begun(1)
        for task in tasks { task.cancel() }
        for task in tasks { await #expect(throws: CancellationError.self) { try await task.value } }
        gate.finish()
        #expect(try await chain.credentials() != nil)
    }
}
