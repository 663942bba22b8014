/// First in, first out, without moving the rest at each step.
struct TransferQueue {
    private var items: [CurlTransfer?] = []
    private var head = 0

    mutating func append(_ transfer: CurlTransfer) {
        items.append(transfer)
    }

    mutating func popFirst() -> CurlTransfer? {
        guard head < items.count else { return nil }
        let first = items[head]
        items[head] = nil
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 256, head * 2 >= items.count {
            items.removeFirst(head)
            head = 0
        }
        return first
    }
}
