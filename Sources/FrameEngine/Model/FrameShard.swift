/// One of several equal parts of any set of frames, so that several machines can fetch it between them.
///
/// A frame belongs to the part that the CRC-32 of its image frame id names, whatever else is selected and in whatever
/// order: the same frame is in the same part in every run, and each frame is in exactly one.
public struct FrameShard: Hashable, Sendable, CustomStringConvertible {
    /// From 1 to `count`.
    public let index: Int
    public let count: Int

    /// All frames.
    public static let whole = FrameShard(uncheckedIndex: 1, count: 1)

    /// The most parts there can be.
    public static let countLimit = 65_536

    /// Nil unless `1 <= index <= count <= countLimit`.
    public init?(index: Int, count: Int) {
        guard (1...Self.countLimit).contains(count), (1...count).contains(index) else { return nil }
        self.init(uncheckedIndex: index, count: count)
    }

    private init(uncheckedIndex index: Int, count: Int) {
        self.index = index
        self.count = count
    }

    public func contains(_ frame: PlannedFrame) -> Bool {
        guard count > 1 else { return true }
        var id = frame.imageFrameID.description
        let checksum = id.withUTF8 { CRC32.checksum(UnsafeRawBufferPointer($0)) }
        return Int(checksum) % count == index - 1
    }

    /// `index/count`.
    public var description: String { "\(index)/\(count)" }
}

extension FramePlan {
    /// The frames of one part.
    func keeping(_ shard: FrameShard) -> FramePlan {
        guard shard != .whole else { return self }
        return FramePlan(
            datastoreID: datastoreID, imageSetID: imageSetID, versionID: versionID,
            frames: frames.filter(shard.contains))
    }
}
