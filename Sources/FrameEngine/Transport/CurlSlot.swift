import CCurl

/// One easy handle, and the transfer that it serves at the moment. Used again and again; lives on its loop's thread.
///
/// curl keeps an unowned pointer to the slot for its callbacks; `close` must come before the last reference goes.
final class CurlSlot {
    /// Never a larger first reservation than this on the word of a server or a hint; a body that is really larger
    /// makes the buffer grow.
    private static let reservationLimit = 64 << 20
    private static let smallBody = 16 << 10

    let easy: UnsafeMutableRawPointer
    private(set) var transfer: CurlTransfer?
    var watch: ProgressWatch
    /// The slot's place among the running ones of its loop.
    var index = 0

    /// Whether the transfer waits for room in the ledger; curl reads nothing for it meanwhile.
    private(set) var isPaused = false

    private let pool: BufferPool
    private let ledger: BodyLedger
    private var pauses: PauseRule
    /// What the ledger counts for this body, and how much more it would have to count to go on.
    private var charged = 0
    private var wanted = 0
    private var head = ResponseHead()
    private var body: PooledBuffer?
    private var bytesReceived = 0
    /// Set by a callback that ends the transfer; it explains curl's "write error" better than curl can.
    private var refusal: TransportError?
    private var fieldList: UnsafeMutablePointer<curl_slist>?
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    /// Makes a handle with all options that are the same for every transfer of the loop.
    ///
    /// - Parameter ledger: the loop's, which decides whether a body may go on.
    init(
        options: CurlOptions, pool: BufferPool, ledger: BodyLedger, now: ContinuousClock.Instant
    ) throws(TransportError) {
        guard let easy = curl_easy_init() else { throw TransportError(CURLE_FAILED_INIT, endpoint: "") }
        self.easy = easy
        self.pool = pool
        self.ledger = ledger
        pauses = PauseRule(totalTimeout: options.configuration.totalTimeout)
        watch = ProgressWatch(now: now)
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        let context = Unmanaged.passUnretained(self).toOpaque()
        var result = options.apply(to: easy)
        let steps: [() -> CURLcode] = [
            { [errorText] in curl_shim_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText) },
            { curl_shim_set_pointer(easy, CURLOPT_PRIVATE, context) },
            { curl_shim_set_pointer(easy, CURLOPT_WRITEDATA, context) },
            { curl_shim_set_receiver(easy, CURLOPT_WRITEFUNCTION, Self.onBody) },
            { curl_shim_set_pointer(easy, CURLOPT_HEADERDATA, context) },
            { curl_shim_set_receiver(easy, CURLOPT_HEADERFUNCTION, Self.onHead) },
        ]
        for step in steps where result == CURLE_OK { result = step() }
        guard result == CURLE_OK else {
            close()
            throw TransportError(result, endpoint: "")
        }
    }

    /// Frees the handle, which must not be in a multi any more. The slot is of no use afterwards.
    func close() {
        curl_easy_cleanup(easy)
        curl_slist_free_all(fieldList)
        fieldList = nil
        errorText.deallocate()
    }

    /// The slot that curl's callback or message speaks of.
    static func of(_ easy: UnsafeMutableRawPointer?) -> CurlSlot? {
        var context: UnsafeMutableRawPointer?
        guard let easy, curl_shim_get_pointer(easy, CURLINFO_PRIVATE, &context) == CURLE_OK, let context
        else {
            return nil
        }
        return Unmanaged<CurlSlot>.fromOpaque(context).takeUnretainedValue()
    }

    // MARK: - One transfer

    /// Sets what differs from request to request. The handle is then ready to be added to the multi.
    func begin(_ transfer: CurlTransfer, now: ContinuousClock.Instant) throws(TransportError) {
        self.transfer = transfer
        head.reset()
        body = nil
        bytesReceived = 0
        refusal = nil
        errorText[0] = 0
        watch = ProgressWatch(now: now)
        let result = prepare(transfer.request)
        guard result == CURLE_OK else {
            let endpoint = transfer.endpoint
            end()
            throw TransportError(result, endpoint: endpoint)
        }
    }

    /// Forgets the transfer and keeps the handle, which must not be in a multi any more.
    func end() {
        ledger.leave(ObjectIdentifier(self), count: charged)
        charged = 0
        wanted = 0
        isPaused = false
        pauses.reset(easy)
        transfer = nil
        body = nil
        refusal = nil
        _ = curl_shim_set_long(easy, CURLOPT_FORBID_REUSE, 0)
        _ = curl_shim_set_list(easy, CURLOPT_HTTPHEADER, nil)
        curl_slist_free_all(fieldList)
        fieldList = nil
    }

    private func prepare(_ request: HTTPRequest) -> CURLcode {
        let fields = HeaderList(request)
        fieldList = fields.list
        guard fields.isComplete else { return CURLE_OUT_OF_MEMORY }
        let sendsBody = !request.body.isEmpty || request.method == "POST" || request.method == "PUT"
        let isHead = request.method == "HEAD"
        let native = sendsBody ? "POST" : isHead ? "HEAD" : "GET"
        var result = curl_shim_set_string(easy, CURLOPT_URL, request.url)
        // HTTPGET first: it takes back whatever the request before had set (POST, NOBODY).
        if result == CURLE_OK { result = curl_shim_set_long(easy, CURLOPT_HTTPGET, 1) }
        if result == CURLE_OK, isHead, !sendsBody { result = curl_shim_set_long(easy, CURLOPT_NOBODY, 1) }
        if result == CURLE_OK, sendsBody { result = setBody(request.body) }
        if result == CURLE_OK {
            let custom: String? = request.method == native ? nil : request.method
            result = curl_shim_set_string(easy, CURLOPT_CUSTOMREQUEST, custom)
        }
        if result == CURLE_OK { result = curl_shim_set_list(easy, CURLOPT_HTTPHEADER, fieldList) }
        return result
    }

    private func setBody(_ bytes: [UInt8]) -> CURLcode {
        var result = curl_shim_set_long(easy, CURLOPT_POST, 1)
        if result == CURLE_OK {
            result = curl_shim_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
        }
        guard result == CURLE_OK else { return result }
        // curl copies POSTFIELDSIZE bytes. An empty body still needs an address, or curl would ask a read callback.
        var copied = CURLE_OK
        let source = bytes.isEmpty ? [0] : bytes
        source.withUnsafeBytes { raw in
            copied = curl_shim_set_pointer(
                easy, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: raw.baseAddress))
        }
        return copied
    }

    /// All bytes that the transfer has moved, either way: what the watch looks at.
    var bytesMoved: Int {
        var sent: curl_off_t = 0
        _ = curl_shim_get_offset(easy, CURLINFO_SIZE_UPLOAD_T, &sent)
        return bytesReceived + head.bytesReceived + Int(sent)
    }

    /// Whether any byte of an answer has come.
    var hasAnswer: Bool { bytesReceived + head.bytesReceived > 0 }

    /// Has curl close the connection when the last of its transfers is removed, rather than keep it for the next.
    /// Undone by `end`.
    func forbidReuse() {
        _ = curl_shim_set_long(easy, CURLOPT_FORBID_REUSE, 1)
    }

    /// What the transfer came to, once curl has said that it is done.
    func outcome(_ result: CURLcode) -> Result<HTTPResponse, TransportError> {
        let endpoint = transfer?.endpoint ?? ""
        if let refusal { return .failure(refusal) }
        guard result == CURLE_OK else {
            var verification = 0
            _ = curl_shim_get_long(easy, CURLINFO_SSL_VERIFYRESULT, &verification)
            // curl begins a handshake with the value 1 ("unspecified"): only what is larger is a verdict.
            let failedVerification = result == CURLE_SSL_CONNECT_ERROR && verification > 1
            var sent = 0
            _ = curl_shim_get_long(easy, CURLINFO_REQUEST_SIZE, &sent)
            return .failure(
                TransportError(
                    result, endpoint: endpoint, curlText: String(cString: errorText),
                    failedVerification: failedVerification, wasSent: sent > 0))
        }
        var status = 0
        _ = curl_shim_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
        return .success(
            HTTPResponse(status: status, fields: head.fields, body: body ?? pool.buffer(capacity: 0)))
    }

    // MARK: - Callbacks: on the loop's thread, inside curl_multi_perform

    private static let onBody: curl_shim_receive_callback = { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let slot = Unmanaged<CurlSlot>.fromOpaque(context).takeUnretainedValue()
        switch slot.receiveBody(UnsafeRawBufferPointer(start: bytes, count: size * count)) {
        case .taken: return size * count
        case .refused: return 0
        case .later: return Int(CURL_WRITEFUNC_PAUSE)
        }
    }

    private static let onHead: curl_shim_receive_callback = { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let slot = Unmanaged<CurlSlot>.fromOpaque(context).takeUnretainedValue()
        return slot.receiveHead(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
    }

    private enum Reception {
        case taken
        case refused
        /// curl keeps the chunk and brings it again when the transfer goes on.
        case later
    }

    private func receiveBody(_ chunk: UnsafeRawBufferPointer) -> Reception {
        guard let transfer else { return .refused }
        guard chunk.count <= transfer.bodyLimit - bytesReceived else { return refuseBody(transfer) }
        var announced = 0
        if body == nil {
            var length: curl_off_t = -1
            _ = curl_shim_get_offset(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length)
            // A body that will be too large is refused at its first byte, not after the last one allowed.
            guard length <= transfer.bodyLimit else { return refuseBody(transfer) }
            announced = max(0, Int(length))
        }
        guard charge(bytesReceived + chunk.count, announced: announced) else {
            isPaused = true
            pauses.begin(easy)
            return .later
        }
        bytesReceived += chunk.count
        let buffer = body ?? reserve(announced, chunk, transfer)
        buffer.append(chunk)
        body = buffer
        return .taken
    }

    private func reserve(
        _ announced: Int, _ chunk: UnsafeRawBufferPointer, _ transfer: CurlTransfer
    ) -> PooledBuffer {
        // What is announced is counted already; a mere hint may have what is left.
        let expected =
            announced > 0 ? announced : min(transfer.bodySizeHint ?? Self.smallBody, ledger.room)
        let most = min(transfer.bodyLimit, Self.reservationLimit, ledger.limit ?? .max)
        return pool.buffer(capacity: max(min(expected, most), chunk.count))
    }

    /// Has the ledger count `bytes` for this body. False when it has to wait.
    private func charge(_ bytes: Int, announced: Int) -> Bool {
        let needed = max(bytes, ledger.promise(for: announced))
        guard needed > charged else { return true }
        wanted = needed - charged
        let mustTake = !pauses.allowsPause(easy)
        guard ledger.take(wanted, for: ObjectIdentifier(self), mustTake: mustTake) else { return false }
        charged = needed
        wanted = 0
        return true
    }

    // MARK: - Waiting for room

    /// Whether there is room for what the transfer was paused for.
    var canResume: Bool { isPaused && ledger.allows(wanted, for: ObjectIdentifier(self)) }

    /// Goes on after a pause. Outside of curl's callbacks only: curl brings what it kept before this returns, and may
    /// be told to pause anew. With any other result than CURLE_OK the transfer is over.
    func resume() -> CURLcode {
        isPaused = false
        pauses.finish(easy)
        watch = ProgressWatch(bytes: bytesMoved, now: .now)
        return curl_easy_pause(easy, CURLPAUSE_CONT)
    }

    private func refuseBody(_ transfer: CurlTransfer) -> Reception {
        refusal = .bodyTooLarge(transfer.endpoint, limit: transfer.bodyLimit)
        return .refused
    }

    private func receiveHead(_ line: UnsafeRawBufferPointer) -> Bool {
        guard !head.receive(line) else { return true }
        refusal = .headTooLarge(transfer?.endpoint ?? "")
        return false
    }
}
