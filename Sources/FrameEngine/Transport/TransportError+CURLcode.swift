import CCurl

extension TransportError {
    /// The error for a transfer that curl ended with `result`.
    ///
    /// - Parameters:
    ///   - endpoint: `host:port`.
    ///   - curlText: curl's error buffer. Used only for codes whose text is known to hold no URL and no credential.
    ///   - failedVerification: whether OpenSSL said that the peer's certificate is not valid.
    ///   - wasSent: whether the request, or a part of it, went out.
    init(
        _ result: CURLcode, endpoint: String, curlText: String = "", failedVerification: Bool = false,
        wasSent: Bool = false
    ) {
        // An answer that is not HTTP: curl takes it for HTTP/0.9, which it then does not support.
        let isForeign = wasSent && result == CURLE_UNSUPPORTED_PROTOCOL
        let result = isForeign ? CURLE_WEIRD_SERVER_REPLY : result
        let general =
            isForeign
            ? "the answer is not HTTP; check --endpoint-url, http or https, if that repeats"
            : String(cString: curl_easy_strerror(result))
        kind = failedVerification ? .certificate : Self.kind(of: result)
        code = "curl-\(result.rawValue)"
        curlCode = result.rawValue
        self.endpoint = endpoint
        let mayQuote = [CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_PEER_FAILED_VERIFICATION]
            .contains(result)
        let quoted = mayQuote ? Self.oneLine(curlText) : ""
        detail = quoted.isEmpty ? general : quoted
    }

    static func kind(of result: CURLcode) -> Kind {
        switch result {
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,
            CURLE_SSL_CONNECT_ERROR,
            CURLE_PROXY, CURLE_NO_CONNECTION_AVAILABLE, CURLE_INTERFACE_FAILED:
            .unreachable
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_CRL_BADFILE, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
            CURLE_SSL_CLIENTCERT:
            .certificate
        case CURLE_OPERATION_TIMEDOUT:
            .timeout
        case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_HTTP2,
            CURLE_HTTP2_STREAM,
            CURLE_HTTP3, CURLE_QUIC_CONNECT_ERROR, CURLE_AGAIN, CURLE_SEND_FAIL_REWIND,
            CURLE_WEIRD_SERVER_REPLY,
            CURLE_SSL_SHUTDOWN_FAILED, CURLE_ABORTED_BY_CALLBACK, CURLE_READ_ERROR:
            .interrupted
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT:
            .badRequest
        case CURLE_FILESIZE_EXCEEDED:
            .tooLarge
        default:
            .internalFailure
        }
    }

    /// What failed on the way there or back may succeed next time; what is wrong with the request, the trust or
    /// this machine will not.
    static func isRetryable(_ result: CURLcode, kind: Kind) -> Bool {
        switch kind {
        case .unreachable: result != CURLE_INTERFACE_FAILED
        case .timeout, .interrupted: true
        case .certificate, .badRequest, .tooLarge, .shutDown, .internalFailure: false
        }
    }

    /// `host:port` of an absolute URL: no user, no path, no query. Empty when there is none.
    static func endpoint(ofURL url: String) -> String {
        let bytes = Array(url.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            bytes[colon...].starts(with: "://".utf8)
        else { return "" }
        let rest = bytes[(colon + 3)...]
        let end = rest.firstIndex { "/?#\\".utf8.contains($0) } ?? rest.endIndex
        var authority = rest[..<end]
        if let at = authority.lastIndex(of: UInt8(ascii: "@")) { authority = authority[(at + 1)...] }
        let host = String(decoding: authority.filter { $0 > 0x20 && $0 < 0x7f }, as: UTF8.self)
        let afterBracket = host.split(separator: "]", omittingEmptySubsequences: false).last ?? ""
        if host.isEmpty || afterBracket.contains(":") { return host }
        return host + (bytes[..<colon].elementsEqual("https".utf8) ? ":443" : ":80")
    }

    private static func oneLine(_ text: String) -> String {
        String(text.prefix(200).map { $0.isNewline || $0.asciiValue.map { $0 < 0x20 } == true ? " " : $0 })
    }
}
