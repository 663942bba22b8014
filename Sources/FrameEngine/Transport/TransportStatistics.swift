/// What a transport has done since it began. Counts only grow.
public struct TransportStatistics: Sendable, Equatable {
    /// Transfers that ended with a whole response, whatever its status.
    public var responses = 0
    /// Transfers that ended in a `TransportError`.
    public var failures = 0
    /// Connections opened, failed attempts included.
    public var connectionsOpened = 0
    /// Responses that came over HTTP/2.
    public var http2Responses = 0
    /// Transfers removed by the loop's own watch because nothing moved.
    public var stalls = 0
    /// Body bytes of whole responses.
    public var bodyBytes = 0
    /// The most bytes that unfinished bodies came to at one time, announced ones included where there is a limit
    /// (`TransportConfiguration.bodyBytesInFlightLimit`). With several loops the sum of their peaks.
    public var peakBodyBytes = 0

    public init() {}

    static func + (left: Self, right: Self) -> Self {
        var sum = left
        sum.responses += right.responses
        sum.failures += right.failures
        sum.connectionsOpened += right.connectionsOpened
        sum.http2Responses += right.http2Responses
        sum.stalls += right.stalls
        sum.bodyBytes += right.bodyBytes
        sum.peakBodyBytes += right.peakBodyBytes
        return sum
    }
}
