/// Counts the bytes of a loop's unfinished bodies and says which of them have to wait. Loop's thread only.
///
/// The body that began first always goes on, whatever the limit: one that is larger than the limit then runs alone,
/// and since somebody always moves, nobody waits for ever. The others go on while the sum stays within the limit, so
/// that the sum never exceeds the limit by more than one body.
final class BodyLedger {
    /// In bytes; nil for none.
    let limit: Int?
    /// Bytes of unfinished bodies: received, or announced and therefore promised.
    private(set) var total = 0
    /// The largest `total` so far.
    private(set) var peak = 0
    /// Who has a body under way, in the order in which the bodies began.
    private var order: [ObjectIdentifier] = []

    init(limit: Int?) {
        self.limit = limit.map { max(0, $0) }
    }

    /// What still fits.
    var room: Int { limit.map { max(0, $0 - total) } ?? .max }

    /// How much of an announced body of `count` bytes is promised when it begins. Never more than the limit, so that
    /// a false announcement cannot count for more than a body that stops the others anyway.
    func promise(for count: Int) -> Int { limit.map { min(count, $0) } ?? 0 }

    /// Whether `body` may have `count` bytes more without anything being counted.
    func allows(_ count: Int, for body: ObjectIdentifier) -> Bool {
        count <= room || order.first.map { $0 == body } ?? true
    }

    /// Counts `count` bytes more for `body`, or refuses: then it has to wait, and keeps its place in the order.
    func take(_ count: Int, for body: ObjectIdentifier, mustTake: Bool = false) -> Bool {
        if !order.contains(body) { order.append(body) }
        guard mustTake || allows(count, for: body) else { return false }
        total += count
        peak = max(peak, total)
        return true
    }

    /// The body is whole, or given up; `count` is all that was counted for it.
    func leave(_ body: ObjectIdentifier, count: Int) {
        total -= count
        order.removeAll { $0 == body }
    }

    /// Of `bodies`, in the order in which they began.
    func sorted(_ bodies: [CurlSlot]) -> [CurlSlot] {
        let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
        return bodies.sorted {
            places[ObjectIdentifier($0), default: .max] < places[ObjectIdentifier($1), default: .max]
        }
    }
}
