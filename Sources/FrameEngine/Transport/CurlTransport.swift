import CCurl
import Synchronization

/// Sends HTTP requests with libcurl: event loops on their own threads, connections and handles reused.
///
/// Thread-safe. `send` suspends its task and blocks no thread; it is resumed exactly once, with a whole response,
/// a `TransportError`, or `CancellationError` at once when its task is cancelled. Requests beyond `usefulConcurrency`
/// wait their turn, first come first served, and none of their timers runs meanwhile. Redirects are not followed.
public final class CurlTransport: HTTPTransport {
    /// The protocol in use: what `.automatic` came to, `.http1` or `.http2`.
    public let protocolChoice: ProtocolChoice
    /// How many requests are worked on at once, all loops together. More in flight only wait.
    public let usefulConcurrency: Int

    private let loops: [CurlLoop]
    private let threads: Mutex<[LoopThread]>
    private let next = Atomic<Int>(0)

    /// Checks the configuration and starts the loops' threads.
    ///
    /// - Parameter pool: where response bodies get their memory.
    /// - Throws: `ca-bundle` for a certificate file that cannot be read; `curl-…`, `curl-multi-…` or `thread` when
    ///   this machine does not give what is needed.
    public init(configuration: TransportConfiguration, pool: BufferPool) throws(TransportError) {
        guard CurlLibrary.initialisation == CURLE_OK else {
            throw TransportError(CurlLibrary.initialisation, endpoint: "")
        }
        if let path = configuration.caBundlePath, let reason = CurlLibrary.reasonAgainstBundle(path) {
            throw .unreadableBundle(path, reason: reason)
        }
        let options = CurlOptions(
            configuration: configuration, choice: CurlLibrary.resolved(configuration.protocolChoice))
        protocolChoice = options.choice
        let count = max(1, configuration.loops)
        usefulConcurrency = LoopLimits(configuration, protocol: options.choice).transfers * count
        try Self.probe(options, pool: pool)

        var loops: [CurlLoop] = []
        var threads: [LoopThread] = []
        do throws(TransportError) {
            for _ in 0..<count {
                let loop = CurlLoop()
                threads.append(try Self.start(loop, options: options, pool: pool))
                loops.append(loop)
            }
        } catch {
            for loop in loops { loop.close() }
            for thread in threads { thread.join() }
            throw error
        }
        self.loops = loops
        self.threads = Mutex(threads)
    }

    deinit {
        shutdown()
    }

    /// Fails early, and in the caller's sight, where this libcurl refuses one of the options.
    private static func probe(_ options: CurlOptions, pool: BufferPool) throws(TransportError) {
        let slot = try CurlSlot(options: options, pool: pool, ledger: BodyLedger(limit: nil), now: .now)
        slot.close()
    }

    private static func start(
        _ loop: CurlLoop, options: CurlOptions, pool: BufferPool
    ) throws(TransportError) -> LoopThread {
        // Made here so that a failure has somewhere to go; from `open` on it is the thread's alone.
        guard let multi = curl_multi_init() else { throw TransportError(CURLE_OUT_OF_MEMORY, endpoint: "") }
        loop.open(multi)
        let address = UInt(bitPattern: multi)
        do throws(TransportError) {
            return try LoopThread {
                guard let multi = UnsafeMutableRawPointer(bitPattern: address) else { return }
                CurlLoopRunner(loop: loop, multi: multi, options: options, pool: pool).run()
            }
        } catch {
            _ = loop.seal()
            curl_multi_cleanup(multi)
            throw error
        }
    }

    public func send(
        _ request: HTTPRequest, bodySizeHint: Int? = nil, bodyLimit: Int
    ) async throws -> HTTPResponse {
        try Task.checkCancellation()
        let transfer = try CurlTransfer(request, bodySizeHint: bodySizeHint, bodyLimit: bodyLimit)
        let loop = loops[next.wrappingAdd(1, ordering: .relaxed).oldValue % loops.count]
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (waiter: CurlTransfer.Waiter) in
                // The handler below may run before, during or after this: the transfer's life, under its lock,
                // decides which of the two resumes the waiter. Mail about a transfer that the loop does not know
                // (cancelled before it was submitted, or finished already) is ignored there.
                guard transfer.submit(waiter) else { return }
                if !loop.submit(transfer) { transfer.finish(.failure(.shutDown(transfer.endpoint))) }
            }
        } onCancel: {
            if transfer.cancel() { loop.abandon(transfer) }
        }
    }

    /// What all loops together have done so far.
    public var statistics: TransportStatistics {
        loops.reduce(TransportStatistics()) { $0 + $1.statistics }
    }

    /// Ends the loops: what is in flight or waiting fails with `shut-down`, connections are closed, threads joined.
    ///
    /// May be called more than once and from any thread. Blocks for the moment that the loops need to end. Every
    /// later `send` fails with `shut-down`.
    public func shutdown() {
        threads.withLock { threads in
            for loop in loops { loop.close() }
            for thread in threads { thread.join() }
            threads.removeAll()
        }
    }
}
