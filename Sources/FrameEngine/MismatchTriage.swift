/// What the answers for one frame have shown so far about whose fault wrong bytes are.
struct MismatchTriage: Sendable {
    /// CRC-32s of the answers that turned out wrong, as served.
    private(set) var wrongAnswers: [UInt32] = []
    /// Whether the last answer came with the same wrong bytes as an earlier one: asking again would not help.
    private(set) var cameAgain = false

    /// Takes in an attempt: nil for one whose bytes were right, or that brought none.
    mutating func note(wrongAnswer crc32: UInt32?) {
        guard let crc32 else {
            cameAgain = false
            return
        }
        cameAgain = wrongAnswers.contains(crc32)
        if !cameAgain { wrongAnswers.append(crc32) }
    }

    /// The cause that comparing answers shows, for a frame that ended with `status`; nil where it shows none.
    func cause(endingWith status: FrameStatus) -> MismatchCause? {
        switch status {
        case .verified, .unverifiable: wrongAnswers.isEmpty ? nil : .network
        case .mismatch: wrongAnswers.count > 1 && !cameAgain ? .network : nil
        case .failed: nil
        }
    }
}
