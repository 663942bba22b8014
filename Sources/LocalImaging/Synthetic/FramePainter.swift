/// Makes the pixels of one frame. Immutable after its making, so that any number of threads may paint.
protocol FramePainter: Sendable {
    /// Fills `pixels`, whose size is the layout's, with frame `index` (0-based). The same index gives the same bytes.
    func paint(frame index: Int, into pixels: UnsafeMutableRawBufferPointer)
}

/// What every painter needs to know.
struct PaintingSetup: Sendable {
    let width: Int
    let height: Int
    let frames: Int
    let seed: UInt64

    /// The position of a frame between the first (0) and the last (1) of the study.
    func position(of index: Int) -> Float {
        frames > 1 ? Float(index) / Float(frames - 1) : 0.5
    }

    /// Random numbers of one frame, independent of every other frame's.
    func generator(forFrame index: Int) -> SplitMix64 {
        SplitMix64(mixing: [seed, 0x66_7261_6d65, UInt64(index)])
    }

    /// Random numbers of the whole study.
    func generator() -> SplitMix64 { SplitMix64(mixing: [seed, 0x73_7475_6479]) }
}
