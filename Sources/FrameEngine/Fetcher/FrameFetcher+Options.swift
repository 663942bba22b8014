extension FrameFetcher {
    /// What a fetcher may use. Every value has a default that the program chooses; nil means "choose".
    public struct Options: EngineOptions {
        public var decoder = DecoderPreference.auto
        /// Which resolution of each frame to decode. A lower one can be verified only where the metadata lists its
        /// checksum.
        public var resolution = ResolutionChoice.full
        /// Whether frames without a checksum are handed over, marked as `unverifiable`. Otherwise they are failures.
        public var allowsUnverifiable = false
        /// Whether a frame also keeps its bytes as the service sent them.
        public var keepsEncodedBytes = false
        /// Threads that decode and verify; one a core by default.
        public var workers: Int?
        /// Connections to the service; with a number here or in `streams`, so many requests are in flight, otherwise
        /// as many as are found worth it.
        public var connections: Int?
        /// HTTP/2 streams a connection, below 20 (the service drops connections beyond).
        public var streams: Int?
        /// The HTTP version over TLS.
        public var protocolChoice = ProtocolChoice.automatic
        /// A request on which no byte moves for this long is given up and made again; nil for the transport's default.
        public var idleTimeout: Duration?
        /// Requests a second, in the long run. nil: the documented quota for AWS's own endpoints, no limit elsewhere.
        public var requestsPerSecond: Double?
        /// Frames of one iteration that are on their way or wait for the program, at most. nil: enough to keep the
        /// connections and the threads busy. 1 fetches the next frame only when the last one was taken.
        public var framesAhead: Int?
        /// Bytes of frames on their way, waiting, and held by the program: all iterations together.
        public var memoryLimitInBytes = FetchOptions.defaultMemoryLimitInBytes
        /// The largest frame, in bytes as served, that is accepted.
        public var encodedFrameLimitInBytes = 2 << 30
        public var retry = RetryPolicy()
        /// Limits for what a frame's header may ask for.
        public var decodeLimits = DecodeLimits()

        public init() {}
    }
}
