import Foundation

/// What a fetch is to do. Every value has a default that the program chooses; nil means "choose".
public struct FetchOptions: Sendable {
    /// The folder for frames, manifest and report. Made when missing.
    public var outputDirectory: String
    public var format: OutputFormat
    /// With `raw`: also keep the bytes as served, beside the pixels.
    public var keepsCodestream: Bool
    /// Which resolution of each frame to decode and write. Bytes as served can only be kept of the full one.
    public var resolution: ResolutionChoice
    public var decoder: DecoderPreference
    /// Whether frames without a checksum are written and count as a success.
    public var allowsUnverifiable: Bool
    /// Threads that decode, verify and write; one a core by default.
    public var workers: Int?
    /// Connections to the service; with a number here or in `streams`, so many requests are in flight, otherwise as
    /// many as the run finds worth it.
    public var connections: Int?
    /// HTTP/2 streams a connection, below 20 (the service drops connections beyond).
    public var streams: Int?
    /// The HTTP version over TLS.
    public var protocolChoice = ProtocolChoice.automatic
    /// A request on which no byte moves for this long is given up and made again; nil for the transport's default.
    public var idleTimeout: Duration?
    /// Requests a second, in the long run. nil: the documented quota for AWS's own endpoints, no limit elsewhere.
    public var requestsPerSecond: Double?
    /// Bytes of frames in flight, encoded and decoded together.
    public var memoryLimitInBytes: Int
    /// The largest frame, in bytes as served, that is accepted.
    public var encodedFrameLimitInBytes = 2 << 30
    public var retry: RetryPolicy
    /// Which part of the frames to fetch.
    public var shard = FrameShard.whole
    /// Whether frames that an earlier run into the folder finished in the same way are left as they are.
    public var resumes = true
    /// Whether such frames' files are read and compared with their checksums; otherwise only their sizes are.
    public var rechecks = false
    public var sync = SyncPolicy.none
    /// A folder for answers that turned out wrong, as they came; nil keeps none.
    public var evidenceDirectory: String?
    /// Limits for what a frame's header may ask for.
    public var decodeLimits: DecodeLimits

    public init(
        outputDirectory: String, format: OutputFormat = .raw, keepsCodestream: Bool = false,
        resolution: ResolutionChoice = .full, decoder: DecoderPreference = .auto,
        allowsUnverifiable: Bool = false, workers: Int? = nil,
        connections: Int? = nil, streams: Int? = nil, memoryLimitInBytes: Int? = nil,
        retry: RetryPolicy = RetryPolicy(), decodeLimits: DecodeLimits = DecodeLimits()
    ) {
        self.outputDirectory = outputDirectory
        self.format = format
        self.keepsCodestream = keepsCodestream
        self.resolution = resolution
        self.decoder = decoder
        self.allowsUnverifiable = allowsUnverifiable
        self.workers = workers
        self.connections = connections
        self.streams = streams
        self.memoryLimitInBytes = memoryLimitInBytes ?? Self.defaultMemoryLimitInBytes
        self.retry = retry
        self.decodeLimits = decodeLimits
    }

    /// A quarter of the machine's memory, 1 GiB at most: more in flight does not make a fetch faster.
    public static var defaultMemoryLimitInBytes: Int {
        Int(min(ProcessInfo.processInfo.physicalMemory / 4, 1 << 30))
    }

    /// One worker a core that this process may use.
    ///
    /// Counted once: it is asked for with every frame.
    public static let defaultWorkers = AvailableCores.count
}

/// What is to be fetched.
public enum FetchSource: Sendable, Hashable {
    /// A file with GetImageSetMetadata JSON, gzipped or not, or the reduced form with ids and sizes only.
    case metadataFile(String)
    /// One image set; its latest version unless one is named.
    case imageSet(HealthImagingID, version: String?)
    /// Every image set of a study, by StudyInstanceUID.
    case study(String)
    /// Every image set that holds a series, by SeriesInstanceUID; frames of other series are left out.
    case series(String)
    /// Every image set of the data store.
    case all
}
