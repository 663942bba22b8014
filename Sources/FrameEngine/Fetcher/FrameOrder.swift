/// In which order an iteration gives its frames.
public enum FrameOrder: Sendable, Hashable, CaseIterable {
    /// As they become ready: nobody waits for a slow one.
    case completion
    /// As they are planned: DICOM order. A slow frame holds up the ones behind it, which wait in memory.
    case plan
}
