import CCurl

/// When a transfer may be paused, and what becomes of its total timeout meanwhile: the wait is ours, not the server's.
///
/// curl itself leaves paused transfers out of its low-speed limit and restarts that when they go on.
struct PauseRule {
    private let totalTimeout: Duration?
    private var since: ContinuousClock.Instant?
    private var paused = Duration.zero

    init(totalTimeout: Duration?) {
        self.totalTimeout = totalTimeout
    }

    /// An HTTP/2 stream shares its connection. Older versions of curl may stop reading the whole connection for a
    /// paused stream that has data coming, and with it the very transfer that all others wait for; so only the
    /// versions that are trusted to multiplex at all are asked to pause a stream.
    func allowsPause(_ easy: UnsafeMutableRawPointer) -> Bool {
        guard CurlLibrary.version.number < ProtocolChoice.firstSafeMultiplexingVersion else { return true }
        var version = 0
        _ = curl_shim_get_long(easy, CURLINFO_HTTP_VERSION, &version)
        return version != Int(CURL_HTTP_VERSION_2_0)
    }

    /// The transfer is paused: no total timeout until it goes on.
    mutating func begin(_ easy: UnsafeMutableRawPointer) {
        since = .now
        if totalTimeout != nil { _ = curl_shim_set_long(easy, CURLOPT_TIMEOUT_MS, 0) }
    }

    /// The transfer goes on, and has as much time left as it had when it was paused.
    mutating func finish(_ easy: UnsafeMutableRawPointer) {
        if let since { paused += since.duration(to: .now) }
        since = nil
        guard let totalTimeout else { return }
        _ = curl_shim_set_long(easy, CURLOPT_TIMEOUT_MS, (totalTimeout + paused).timerMilliseconds)
    }

    /// For the handle's next transfer: the timeout as configured.
    mutating func reset(_ easy: UnsafeMutableRawPointer) {
        guard since != nil || paused > .zero else { return }
        since = nil
        paused = .zero
        _ = curl_shim_set_long(easy, CURLOPT_TIMEOUT_MS, totalTimeout?.timerMilliseconds ?? 0)
    }
}
