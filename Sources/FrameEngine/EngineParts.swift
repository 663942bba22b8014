/// What every use of the engine can be told, whatever becomes of the frames.
protocol EngineOptions: Sendable {
    var decoder: DecoderPreference { get }
    var workers: Int? { get }
    var connections: Int? { get }
    var streams: Int? { get }
    var protocolChoice: ProtocolChoice { get }
    var idleTimeout: Duration? { get }
    var requestsPerSecond: Double? { get }
    var memoryLimitInBytes: Int { get }
    var retry: RetryPolicy { get }
    var decodeLimits: DecodeLimits { get }
}

extension FetchOptions: EngineOptions {}

/// What a fetch runs on, put together from options: the transport, the client, and how requests pass.
struct EngineParts: Sendable {
    let transport: CurlTransport
    let client: HealthImagingClient
    let slots: RequestSlots
    let pacer: RequestPacer

    /// - Throws: `TransportError` for the certificate file, or where this machine does not give what is needed.
    init(_ options: some EngineOptions, settings: AWSSettings) throws(TransportError) {
        var configuration = TransportConfiguration()
        configuration.userAgent = "hi-fetch/\(EngineVersion.current)"
        configuration.caBundlePath = settings.caBundlePath
        // What a server sends is bounded whatever the plan's hints say; the other half is for decoded pixels.
        configuration.bodyBytesInFlightLimit = options.memoryLimitInBytes / 2
        if let connections = options.connections { configuration.maximumConnections = connections }
        if let streams = options.streams { configuration.streamsPerConnection = streams }
        configuration.protocolChoice = options.protocolChoice
        if let idleTimeout = options.idleTimeout { configuration.idleTimeout = idleTimeout }
        configuration.growsConnections = options.connections == nil && options.streams == nil
        transport = try CurlTransport(configuration: configuration, pool: BufferPool())
        client = HealthImagingClient(transport: transport, settings: settings, retry: options.retry)
        slots = RequestSlots(Self.limit(for: options, upTo: transport.usefulConcurrency))
        pacer = RequestPacer(
            ceiling: options.requestsPerSecond ?? settings.endpoints.documentedRequestsPerSecond)
    }

    /// Requests in flight before anything is known of the link: enough for tens of milliseconds of latency, and few
    /// enough for any service.
    private static let firstGuess = 64

    /// Pinned when the user said how many; otherwise found on the way.
    private static func limit(for options: some EngineOptions, upTo most: Int) -> RequestSlots.Limit {
        options.connections == nil && options.streams == nil
            ? .adaptive(start: min(most, firstGuess), most: most) : .fixed(most)
    }

    /// Starts the threads that decode, verify and write.
    static func makeWorkers(_ options: some EngineOptions, metrics: EngineMetrics) -> WorkerPool<FrameWorker>
    {
        let buffers = BufferPool()
        let team = DecodeTeam()
        let workers = WorkerPool(count: options.workers ?? FetchOptions.defaultWorkers, name: "frame") {
            number in
            let decoder = FrameDecoder(
                pool: buffers, preference: options.decoder, limits: options.decodeLimits, team: team)
            return FrameWorker(decoder: decoder, pool: buffers, number: number, metrics: metrics)
        }
        // With fewer frames in hand than workers, those without one help with the large ones.
        team.borrow { [weak workers] most, help in workers?.lend(upTo: most, help) ?? 0 }
        return workers
    }
}
