import CoreMetrics

/// What the engine tells the program's metrics backend through swift-metrics. Thread-safe.
///
/// Names and units follow Prometheus. Without a backend nothing is counted and no clock is read.
struct EngineMetrics: Sendable {
    /// Tells nobody anything.
    static let off = EngineMetrics(factory: NOOPMetricsHandler.instance)

    /// Whether anybody looks.
    private let isActive: Bool
    private let planned: Counter
    private let resumed: Counter
    private let frames: [FrameStatus: Counter]
    private let encodedBytes: Counter
    private let decodedBytes: Counter
    private let receivedBytes: Counter
    private let requests: [RequestOutcome: Counter]
    private let retries: [RetryClass: Counter]
    private let inFlight: Meter
    private let queued: Meter
    private let requestDuration: Timer
    private let decodeDuration: Timer

    /// - Parameter factory: the backend; by default the one that the program has chosen by now.
    init(factory: any MetricsFactory = MetricsSystem.factory) {
        isActive = !(factory is NOOPMetricsHandler)
        let counter = { (name: Name, dimensions: [(String, String)]) in
            Counter(label: name.rawValue, dimensions: dimensions, factory: factory)
        }
        planned = counter(.planned, [])
        resumed = counter(.resumed, [])
        frames = Self.counters(FrameStatus.allCases) { counter(.frames, [("status", $0.rawValue)]) }
        encodedBytes = counter(.encodedBytes, [])
        decodedBytes = counter(.decodedBytes, [])
        receivedBytes = counter(.receivedBytes, [])
        requests = Self.counters(RequestOutcome.allCases) { counter(.requests, [("status", $0.rawValue)]) }
        retries = Self.counters(RetryClass.allCases) { counter(.retries, [("class", $0.rawValue)]) }
        inFlight = Meter(label: Name.inFlight.rawValue, factory: factory)
        queued = Meter(label: Name.queued.rawValue, factory: factory)
        requestDuration = Timer(
            label: Name.requestDuration.rawValue, dimensions: [], preferredDisplayUnit: .seconds,
            factory: factory)
        decodeDuration = Timer(
            label: Name.decodeDuration.rawValue, dimensions: [], preferredDisplayUnit: .seconds,
            factory: factory)
    }

    private static func counters<Key: Hashable>(
        _ keys: [Key], _ make: (Key) -> Counter
    ) -> [Key: Counter] {
        Dictionary(uniqueKeysWithValues: keys.map { ($0, make($0)) })
    }

    // MARK: What happens

    func plan(_ frames: Int) {
        planned.increment(by: frames)
    }

    func resume(_ frames: Int) {
        resumed.increment(by: frames)
    }

    /// A frame that has ended and counts.
    func end(_ outcome: FrameOutcome) {
        guard isActive else { return }
        frames[outcome.status]?.increment()
        encodedBytes.increment(by: outcome.encodedBytes)
        decodedBytes.increment(by: outcome.decodedBytes)
    }

    /// A frame that is asked for again because of `error`.
    func retry(after error: any StageError) {
        guard isActive else { return }
        retries[RetryClass(error)]?.increment()
    }

    /// Sends a request for a frame. One that is cancelled counts as none.
    func request(_ send: () async throws -> HTTPResponse) async throws -> HTTPResponse {
        guard isActive else { return try await send() }
        inFlight.increment()
        defer { inFlight.decrement() }
        let start = ContinuousClock.now
        let response: HTTPResponse
        do {
            response = try await send()
        } catch {
            if !(error is CancellationError) { requests[.unanswered]?.increment() }
            throw error
        }
        requestDuration.record(since: start)
        requests[RequestOutcome(status: response.status)]?.increment()
        receivedBytes.increment(by: response.body.count)
        return response
    }

    /// A frame has arrived and waits for a worker.
    func enqueue() {
        queued.increment()
    }

    /// A worker has taken a frame that waited.
    func dequeue() {
        queued.decrement()
    }

    /// Decodes a frame.
    func decode<Failure: Error>(
        _ decode: () throws(Failure) -> DecodedFrame
    ) throws(Failure) -> DecodedFrame {
        guard isActive else { return try decode() }
        let start = ContinuousClock.now
        defer { decodeDuration.record(since: start) }
        return try decode()
    }
}

extension EngineMetrics {
    /// What is measured, as it is called.
    enum Name: String, CaseIterable {
        case planned = "hi_fetch_frames_planned_total"
        case resumed = "hi_fetch_frames_resumed_total"
        case frames = "hi_fetch_frames_total"
        case encodedBytes = "hi_fetch_frame_encoded_bytes_total"
        case decodedBytes = "hi_fetch_frame_decoded_bytes_total"
        case receivedBytes = "hi_fetch_received_bytes_total"
        case requests = "hi_fetch_requests_total"
        case retries = "hi_fetch_retries_total"
        case inFlight = "hi_fetch_requests_in_flight"
        case queued = "hi_fetch_frames_queued"
        case requestDuration = "hi_fetch_request_duration_seconds"
        case decodeDuration = "hi_fetch_decode_duration_seconds"

        /// One line for people.
        var help: String {
            switch self {
            case .planned: "Frames that metadata lists."
            case .resumed: "Frames that an earlier run had finished, and that were not fetched again."
            case .frames: "Frames that this run has ended, by how."
            case .encodedBytes: "Bytes of ended frames, as served."
            case .decodedBytes: "Bytes of ended frames, after decoding."
            case .receivedBytes:
                "Body bytes of all answers to requests for frames, repeated and refused ones included."
            case .requests: "Requests for frames, by the class of the answer's status; none: no whole answer."
            case .retries: "Requests for frames that were made again, by why."
            case .inFlight: "Requests for frames that have not been answered yet."
            case .queued: "Frames that have arrived and wait for a worker."
            case .requestDuration: "Time from sending a request for a frame to its whole answer."
            case .decodeDuration: "Time that decoding a frame took."
            }
        }
    }

    /// How a request ended.
    enum RequestOutcome: String, CaseIterable {
        case success = "2xx"
        case redirection = "3xx"
        case refused = "4xx"
        case failed = "5xx"
        case unanswered = "none"

        init(status: Int) {
            switch status {
            case ..<300: self = .success
            case ..<400: self = .redirection
            case ..<500: self = .refused
            default: self = .failed
            }
        }
    }

    /// Why a frame is asked for again.
    enum RetryClass: String, CaseIterable {
        /// The service asked to slow down.
        case throttling
        /// The service's own fault.
        case server
        /// Too long without a byte.
        case timeout
        /// No connection, or one that broke: a short body too.
        case transport
        /// What arrived does not decode.
        case decode
        /// What arrived has another checksum.
        case checksum
        /// A page or a document came in place of a frame.
        case content
        case other

        init(_ error: any StageError) {
            switch error {
            case let error as ServiceError where error.isThrottling: self = .throttling
            case is ServiceError: self = .server
            case let error as TransportError where error.kind == .timeout: self = .timeout
            case is TransportError: self = .transport
            case is DecodeError: self = .decode
            case is VerifyError: self = .checksum
            case is UnexpectedContentError: self = .content
            default: self = .other
            }
        }
    }
}

extension Timer {
    fileprivate func record(since start: ContinuousClock.Instant) {
        let (seconds, attoseconds) = start.duration(to: .now).components
        recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
