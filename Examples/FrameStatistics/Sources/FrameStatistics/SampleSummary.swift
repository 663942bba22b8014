import FrameEngine

/// What the samples of a frame come to.
struct SampleSummary {
    let least: Int
    let greatest: Int
    let mean: Double

    /// Nil for a frame that is not decoded, such as JPEG or MPEG: it has bytes and no samples.
    init?(of frame: FetchedFrame) {
        guard let layout = frame.layout else { return nil }
        // The samples stay where the decoder put them. Their type is that of the frame, so there are six cases.
        let summary =
            switch (layout.bytesPerSample, layout.isSigned) {
            case (1, false): frame.withUnsafeSamples(as: UInt8.self, SampleSummary.init(of:))
            case (1, true): frame.withUnsafeSamples(as: Int8.self, SampleSummary.init(of:))
            case (2, false): frame.withUnsafeSamples(as: UInt16.self, SampleSummary.init(of:))
            case (2, true): frame.withUnsafeSamples(as: Int16.self, SampleSummary.init(of:))
            case (_, false): frame.withUnsafeSamples(as: UInt32.self, SampleSummary.init(of:))
            case (_, true): frame.withUnsafeSamples(as: Int32.self, SampleSummary.init(of:))
            }
        guard let summary else { return nil }
        self = summary
    }

    private init<Sample: FixedWidthInteger>(of samples: UnsafeBufferPointer<Sample>) {
        var least = Sample.max
        var greatest = Sample.min
        var sum = 0
        for sample in samples {
            least = min(least, sample)
            greatest = max(greatest, sample)
            sum += Int(sample)
        }
        self.least = Int(least)
        self.greatest = Int(greatest)
        mean = Double(sum) / Double(max(samples.count, 1))
    }
}
