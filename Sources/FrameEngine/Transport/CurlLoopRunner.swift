import CCurl

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The inside of one event loop: owns the multi handle, the easy handles and the connections. One thread only.
///
/// A turn: fetch mail, start what there is room for, let curl work, hand out what is done, look for stalls, sleep
/// until a socket, a timer or mail wants something. Nothing is polled.
final class CurlLoopRunner {
    private static let longestSleep = Duration.seconds(60)

    private let loop: CurlLoop
    private let multi: UnsafeMutableRawPointer
    private let options: CurlOptions
    private let pool: BufferPool
    private let ledger: BodyLedger
    private let clock = ContinuousClock()

    private var limits: LoopLimits
    private var waiting = TransferQueue()
    private var running: [CurlSlot] = []
    private var idle: [CurlSlot] = []
    private var statistics = TransportStatistics()
    private var nextWatch: ContinuousClock.Instant

    /// Takes `multi` over.
    init(loop: CurlLoop, multi: UnsafeMutableRawPointer, options: CurlOptions, pool: BufferPool) {
        self.loop = loop
        self.multi = multi
        self.options = options
        self.pool = pool
        limits = LoopLimits(options.configuration, protocol: options.choice)
        ledger = BodyLedger(limit: limits.bodyBytes)
        nextWatch = clock.now
        applyLimits()
    }

    /// Runs until the loop is closed, then fails whatever is unfinished and frees all handles.
    func run() {
        var reason: TransportError?
        while true {
            let mail = loop.fetch()
            if mail.isClosing {
                refuse(mail.submitted, reason)
                break
            }
            for transfer in mail.submitted { waiting.append(transfer) }
            drop(mail.abandoned)
            resumePaused()
            admit()
            let result = turn()
            guard result == CURLM_OK else {
                reason = .multi(result)
                break
            }
        }
        end(reason)
    }

    /// Lets curl work until there is nothing left to do at once, then sleeps.
    private func turn() -> CURLMcode {
        var count: Int32 = 0
        repeat {
            let result = curl_multi_perform(multi, &count)
            guard result == CURLM_OK else { return result }
            // What was finished has made room: the loop must not sleep on that.
        } while collect() && makeProgress()
        let now = clock.now
        if now >= nextWatch { watch(now) }
        let sleep = running.isEmpty ? Self.longestSleep : min(Self.longestSleep, nextWatch - now)
        return curl_multi_poll(multi, nil, 0, Int32(sleep.timerMilliseconds), nil)
    }

    // MARK: - Starting

    /// Starts waiting transfers while there is room. True when at least one was started.
    @discardableResult
    private func admit() -> Bool {
        var hasStarted = false
        while hasRoom, let transfer = waiting.popFirst() {
            guard transfer.start() else { continue }
            do throws(TransportError) {
                try start(transfer)
                hasStarted = true
            } catch {
                finish(transfer, .failure(error))
            }
        }
        return hasStarted
    }

    /// Whether another transfer may start. While bodies wait for room, more of them would only wait with them.
    private var hasRoom: Bool {
        guard !running.isEmpty else { return true }
        return running.count < limits.transfers && ledger.room > 0 && !running.contains(where: \.isPaused)
    }

    private func start(_ transfer: CurlTransfer) throws(TransportError) {
        let now = clock.now
        let slot = try freeSlot(now)
        do throws(TransportError) {
            try slot.begin(transfer, now: now)
        } catch {
            idle.append(slot)
            throw error
        }
        let result = curl_multi_add_handle(multi, slot.easy)
        guard result == CURLM_OK else {
            slot.end()
            idle.append(slot)
            throw .multi(result, endpoint: transfer.endpoint)
        }
        if running.isEmpty { nextWatch = now + watchInterval }
        slot.index = running.count
        running.append(slot)
    }

    private func freeSlot(_ now: ContinuousClock.Instant) throws(TransportError) -> CurlSlot {
        if let slot = idle.popLast() { return slot }
        return try CurlSlot(options: options, pool: pool, ledger: ledger, now: now)
    }

    /// Gives the room that has come free to those who wait, the paused first. True when anybody could use it.
    private func makeProgress() -> Bool {
        let hasResumed = resumePaused()
        return admit() || hasResumed
    }

    /// Lets paused transfers go on as far as there is room, oldest first. True when one went on.
    @discardableResult
    private func resumePaused() -> Bool {
        var hasResumed = false
        for slot in ledger.sorted(running.filter(\.isPaused)) {
            guard slot.canResume else { break }
            let result = slot.resume()
            if result != CURLE_OK { complete(slot, slot.outcome(result)) }
            hasResumed = true
        }
        return hasResumed
    }

    // MARK: - Ending

    /// Hands out what curl has finished. True when there was something.
    private func collect() -> Bool {
        var hasFinished = false
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let slot = CurlSlot.of(message.pointee.easy_handle)
            else {
                continue
            }
            // The message is gone once its handle is removed: read it first.
            complete(slot, slot.outcome(curl_shim_message_result(message)))
            hasFinished = true
        }
        return hasFinished
    }

    private func complete(_ slot: CurlSlot, _ outcome: Result<HTTPResponse, TransportError>) {
        let transfer = slot.transfer
        noteConnection(slot)
        release(slot)
        if let transfer { finish(transfer, outcome) }
    }

    private func finish(_ transfer: CurlTransfer, _ outcome: Result<HTTPResponse, TransportError>) {
        switch outcome {
        case .success(let response):
            statistics.responses += 1
            statistics.bodyBytes += response.body.count
        case .failure:
            statistics.failures += 1
        }
        statistics.peakBodyBytes = ledger.peak
        // Before the caller goes on: it may look at the counts at once.
        loop.publish(statistics)
        transfer.finish(outcome)
    }

    /// Takes the slot out of the multi and keeps it for the next transfer.
    private func release(_ slot: CurlSlot) {
        curl_multi_remove_handle(multi, slot.easy)
        slot.end()
        let last = running.removeLast()
        if last !== slot {
            last.index = slot.index
            running[slot.index] = last
        }
        idle.append(slot)
    }

    /// Drops transfers whose callers were cancelled; they have been told already.
    private func drop(_ transfers: [CurlTransfer]) {
        for transfer in transfers {
            if let slot = running.first(where: { $0.transfer === transfer }) { release(slot) }
        }
    }

    private func refuse(_ transfers: [CurlTransfer], _ reason: TransportError?) {
        for transfer in transfers { finish(transfer, .failure(reason ?? .shutDown(transfer.endpoint))) }
    }

    private func end(_ reason: TransportError?) {
        let mail = loop.seal()
        for slot in Array(running) {
            let transfer = slot.transfer
            release(slot)
            if let transfer { refuse([transfer], reason) }
        }
        while let transfer = waiting.popFirst() { refuse([transfer], reason) }
        refuse(mail.submitted, reason)
        for slot in idle { slot.close() }
        idle.removeAll()
        curl_multi_cleanup(multi)
    }

    // MARK: - Limits

    private func applyLimits() {
        curl_shim_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, limits.connections)
        curl_shim_multi_set_long(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, limits.streams)
        // Room for the connections of two planes and their neighbours, or curl closes what is about to be used again.
        curl_shim_multi_set_long(multi, CURLMOPT_MAXCONNECTS, limits.connections * 2 + 8)
    }

    /// Learns from a finished transfer: counts its connection, and takes the limits of HTTP/1.1 where the server
    /// turns out not to multiplex, since a few connections are then far too few.
    private func noteConnection(_ slot: CurlSlot) {
        var opened = 0
        _ = curl_shim_get_long(slot.easy, CURLINFO_NUM_CONNECTS, &opened)
        statistics.connectionsOpened += opened
        var version = 0
        _ = curl_shim_get_long(slot.easy, CURLINFO_HTTP_VERSION, &version)
        if version == Int(CURL_HTTP_VERSION_2_0) {
            statistics.http2Responses += 1
        } else if version == Int(CURL_HTTP_VERSION_1_1), limits.streams > 1 {
            var http1 = LoopLimits(options.configuration, protocol: .http1)
            // What is under way already finds a connection each.
            http1.connections = max(http1.connections, limits.transfers)
            limits = http1
            applyLimits()
        }
    }

    // MARK: - Watching

    private var stallLimit: Duration { options.watchLimit }

    /// Often enough that a stall is noticed soon after the limit, and before curl's where curl's is the later one.
    private var watchInterval: Duration { min(stallLimit / 4, options.configuration.watchMargin / 2) }

    /// Removes transfers that stand still although curl believes they are fine.
    private func watch(_ now: ContinuousClock.Instant) {
        nextWatch = now + watchInterval
        var stalled: [CurlSlot] = []
        for slot in running where !slot.isPaused {
            let stillness = slot.watch.stillness(bytes: slot.bytesMoved, now: now)
            // Before the first byte the connection may still be on its way, which has its own limit.
            let connecting = options.configuration.connectTimeout + options.configuration.watchMargin
            let limit = slot.hasAnswer ? stallLimit : max(stallLimit, connecting)
            if stillness >= limit { stalled.append(slot) }
        }
        guard !stalled.isEmpty else { return }
        for slot in stalled {
            // A dead connection must not carry the retry. All stalled transfers go before new ones come, so that
            // a connection on which nothing moves is closed with the last of them.
            slot.forbidReuse()
            statistics.stalls += 1
            let endpoint = slot.transfer?.endpoint ?? ""
            complete(slot, .failure(.stalled(endpoint, idle: stallLimit)))
        }
        resumePaused()
        admit()
    }
}
