import FrameEngine

/// The least and the greatest stored pixel value of a frame, over all of its components.
enum PixelRange {
    /// `raster` is as `layout` says. Values are the `bitsStored` bits that end at `highBit` (PS3.5, 8.1.1), sign
    /// extended where the layout is signed; bits around them (overlays) do not count. Nil `highBit` means the bit
    /// below `bitsStored`. An empty frame has no range.
    static func of(
        _ raster: UnsafeRawBufferPointer, layout: PixelLayout, bitsStored: Int, highBit: Int?
    ) -> ClosedRange<Int>? {
        let container = layout.bytesPerSample * 8
        let top = highBit ?? bitsStored - 1
        let isWhole = bitsStored == container || !(1...container).contains(bitsStored)
        let lowest = top - bitsStored + 1
        let field =
            isWhole || lowest < 0 || top >= container
            ? (left: 0, right: 0) : (left: container - 1 - top, right: container - bitsStored)
        switch (layout.bytesPerSample, layout.isSigned) {
        case (1, false): return range(raster.bindMemory(to: UInt8.self), field)
        case (1, true): return range(raster.bindMemory(to: Int8.self), field)
        case (2, false): return range(raster.bindMemory(to: UInt16.self), field)
        case (2, true): return range(raster.bindMemory(to: Int16.self), field)
        case (_, false): return range(raster.bindMemory(to: UInt32.self), field)
        case (_, true): return range(raster.bindMemory(to: Int32.self), field)
        }
    }

    private static func range<Sample: FixedWidthInteger>(
        _ samples: UnsafeBufferPointer<Sample>, _ field: (left: Int, right: Int)
    ) -> ClosedRange<Int>? {
        guard let first = samples.first else { return nil }
        let start =
            (first &<< Sample(truncatingIfNeeded: field.left)) &>> Sample(truncatingIfNeeded: field.right)
        var least = start
        var most = start
        let left = Sample(truncatingIfNeeded: field.left)
        let right = Sample(truncatingIfNeeded: field.right)
        for sample in samples {
            let value = (sample &<< left) &>> right
            least = min(least, value)
            most = max(most, value)
        }
        return Int(least)...Int(most)
    }
}
