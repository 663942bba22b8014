/// Finished frames in the order in which they are to be taken.
struct ReadyFrames {
    private let order: FrameOrder
    /// By the order of taking: the number in the plan, or a count of their own.
    private var waiting: [Int: FrameSequence.Element] = [:]
    private var nextKey = 0
    private var nextFree = 0

    init(order: FrameOrder) { self.order = order }

    /// - Parameter number: the frame's place in the plan, from 0 and without gaps.
    mutating func add(_ element: FrameSequence.Element, number: Int) {
        switch order {
        case .plan:
            waiting[number] = element
        case .completion:
            waiting[nextFree] = element
            nextFree += 1
        }
    }

    /// The next one, if it is there.
    ///
    /// - Parameter isLast: whether no more will come: then gaps are passed over.
    mutating func take(isLast: Bool) -> FrameSequence.Element? {
        if isLast, waiting[nextKey] == nil, let first = waiting.keys.min() { nextKey = first }
        guard let element = waiting.removeValue(forKey: nextKey) else { return nil }
        nextKey += 1
        return element
    }

    /// Empties it.
    mutating func removeAll() -> [FrameSequence.Element] {
        defer { waiting = [:] }
        return Array(waiting.values)
    }
}
