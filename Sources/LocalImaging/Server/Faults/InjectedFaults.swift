/// What a server with faults has done so far: the answer of `GET /_faults`.
public struct InjectedFaults: Sendable, Codable, Hashable {
    public let seed: UInt64
    /// Requests in the plan's scope, refused ones included.
    public var requests = 0
    /// How often each fault was injected, by its word in the grammar; `quota`, `streams` and `requests` among them.
    public var faults: [String: Int] = [:]

    init(seed: UInt64) { self.seed = seed }
}
