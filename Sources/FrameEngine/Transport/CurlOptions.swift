import CCurl

/// The options that are the same for every transfer of a transport.
struct CurlOptions: Sendable {
    /// curl's receive buffer of one handle, in bytes. A TLS record is 16 KiB; more saves system calls on plain HTTP.
    private static let receiveBufferBytes = 128 << 10

    let configuration: TransportConfiguration
    let choice: ProtocolChoice

    /// When curl's own low-speed limit ends a transfer, and when the loop's watch does: one guards the other.
    ///
    /// For HTTP/1.1 curl comes first: it closes the connection, which is all there is to do. For HTTP/2 curl would end
    /// only the stream and send the retry down the same dead connection, so the watch, which has it closed, comes first.
    var lowSpeedTime: Duration {
        choice == .http2 ? configuration.idleTimeout + configuration.watchMargin : configuration.idleTimeout
    }

    /// See `lowSpeedTime`.
    var watchLimit: Duration {
        choice == .http2 ? configuration.idleTimeout : configuration.idleTimeout + configuration.watchMargin
    }

    /// Sets them all; the first failure wins, since each of them matters.
    func apply(to easy: UnsafeMutableRawPointer) -> CURLcode {
        let steps = [applyProtocol, applyTimers, applyTrust, applySocket]
        for step in steps {
            let result = step(easy)
            if result != CURLE_OK { return result }
        }
        return CURLE_OK
    }

    private func set(_ easy: UnsafeMutableRawPointer, _ values: [(CURLoption, Int)]) -> CURLcode {
        for (option, value) in values {
            let result = curl_shim_set_long(easy, option, value)
            if result != CURLE_OK { return result }
        }
        return CURLE_OK
    }

    private func applyProtocol(_ easy: UnsafeMutableRawPointer) -> CURLcode {
        let isHTTP2 = choice == .http2
        let result = set(
            easy,
            [
                (CURLOPT_HTTP_VERSION, isHTTP2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1),
                // Wait for a connection that can multiplex rather than open another one.
                (CURLOPT_PIPEWAIT, isHTTP2 ? 1 : 0),
                (CURLOPT_FOLLOWLOCATION, 0),
                // What is signed is sent: a key of S3 may have dot segments.
                (CURLOPT_PATH_AS_IS, 1),
                // Bodies as they came: the stages behind know what to undo.
                (CURLOPT_HTTP_CONTENT_DECODING, 0),
                (CURLOPT_SUPPRESS_CONNECT_HEADERS, 1),
            ])
        guard result == CURLE_OK else { return result }
        let allowed = curl_shim_allow_only_http(easy)
        guard allowed == CURLE_OK else { return allowed }
        if !configuration.usesProxies {
            let direct = curl_shim_set_string(easy, CURLOPT_NOPROXY, "*")
            guard direct == CURLE_OK else { return direct }
        }
        return curl_shim_set_string(easy, CURLOPT_USERAGENT, configuration.userAgent)
    }

    private func applyTimers(_ easy: UnsafeMutableRawPointer) -> CURLcode {
        set(
            easy,
            [
                (CURLOPT_CONNECTTIMEOUT_MS, configuration.connectTimeout.timerMilliseconds),
                (CURLOPT_LOW_SPEED_LIMIT, configuration.usesLowSpeedLimit ? 1 : 0),
                (CURLOPT_LOW_SPEED_TIME, lowSpeedTime.timerSeconds),
                (CURLOPT_TIMEOUT_MS, configuration.totalTimeout?.timerMilliseconds ?? 0),
                // The process's signals are the program's own; timers do not need SIGALRM.
                (CURLOPT_NOSIGNAL, 1),
            ])
    }

    private func applyTrust(_ easy: UnsafeMutableRawPointer) -> CURLcode {
        let result = set(
            easy,
            [
                (CURLOPT_SSL_VERIFYPEER, 1),
                (CURLOPT_SSL_VERIFYHOST, 2),
                (CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2),
            ])
        guard result == CURLE_OK else { return result }
        if let path = configuration.caBundlePath {
            let result = curl_shim_set_string(easy, CURLOPT_CAINFO, path)
            guard result == CURLE_OK else { return result }
        } else if curl_shim_built_in_authorities(easy) == nil {
            return CURLE_OK
        }
        // The folder of authorities would be trusted beside the file. And without it libcurl, since 7.87, reads the file once
        // for all connections of a loop, which with a system's 140 authorities is 25 ms a connection.
        return curl_shim_set_string(easy, CURLOPT_CAPATH, nil)
    }

    private func applySocket(_ easy: UnsafeMutableRawPointer) -> CURLcode {
        let result = set(
            easy,
            [
                (CURLOPT_TCP_NODELAY, 1),
                (CURLOPT_TCP_KEEPALIVE, 1),
                (CURLOPT_TCP_KEEPIDLE, 30),
                (CURLOPT_TCP_KEEPINTVL, 10),
                (CURLOPT_BUFFERSIZE, Self.receiveBufferBytes),
            ])
        return result == CURLE_OK ? curl_shim_do_not_wait_for_resolver(easy) : result
    }
}
