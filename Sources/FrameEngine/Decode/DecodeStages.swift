/// Where the time of one frame went in the native decoder.
public struct DecodeStages: Sendable, Hashable {
    /// Marker segments, geometry and packet headers of all tiles (ITU-T T.800, annexes A and B).
    public var headers = Duration.zero
    /// HT code-blocks (T.814, clause 7).
    public var blocks = Duration.zero
    /// Wavelet levels but the last (T.800, F.3).
    public var wavelet = Duration.zero
    /// Last wavelet level, colour, level shift, packing into pixels, and the checksum where it is made on the way.
    public var finish = Duration.zero

    public init() {}

    public var total: Duration { headers + blocks + wavelet + finish }
}
