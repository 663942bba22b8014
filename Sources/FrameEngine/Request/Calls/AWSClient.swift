import Foundation

/// Signs, sends, tries again, renews expired credentials and decodes errors, for every operation of every service.
///
/// A value; any thread. An operation is an `AWSCall` and what its answer is read as: a few lines.
package struct AWSClient: Sendable {
    /// How often new credentials are tried for one call.
    private static let renewalLimit = 2

    package let service: AWSService
    package let endpoint: AWSEndpoint
    private let transport: any HTTPTransport
    private let provider: any CredentialsProvider
    private let signer: SigV4Signer
    private let used = UsedCredentials()
    private let retry: RetryPolicy
    private let now: @Sendable () -> Date

    /// - Parameter region: in place of the settings' own, for what lives elsewhere (a bucket).
    package init(
        _ service: AWSService, transport: any HTTPTransport, settings: AWSSettings,
        retry: RetryPolicy = RetryPolicy(), region: String? = nil
    ) {
        self.init(
            service, endpoint: settings.endpoint(for: service, region: region),
            credentials: settings.credentials, transport: transport, retry: retry)
    }

    /// A client whose settings nobody else needs: for a source of credentials, and for tests.
    package init(
        _ service: AWSService, endpoint: AWSEndpoint, credentials: any CredentialsProvider,
        transport: any HTTPTransport, retry: RetryPolicy = RetryPolicy(),
        now: @escaping @Sendable () -> Date = Date.init
    ) {
        self.service = service
        self.endpoint = endpoint
        self.transport = transport
        self.retry = retry
        self.now = now
        provider = credentials
        signer = SigV4Signer(
            region: endpoint.region, service: service.signingName, pathStyle: service.pathStyle)
    }

    // MARK: Calls

    /// Sends until there is a success, an error that lasts, or no attempt is left.
    ///
    /// - Returns: a response of status 200 to 299, its body as received.
    /// - Throws: `ServiceError`, `SettingsError` (the endpoint's problem), `CredentialsError`, the transport's errors,
    ///   `CancellationError`.
    package func send(_ call: AWSCall) async throws -> HTTPResponse {
        try await send(call) { _ in nil }
    }

    /// Sends, and has the answer read by `reader`. A success that it throws at is asked for again, as often as the retry
    /// policy allows and until the same bytes have come twice: a proxy may have cut it short, and what is cut where the
    /// length agrees looks whole to HTTP. Only for calls that change nothing.
    ///
    /// - Throws: as `send`; what `reader` threw last.
    package func read<Value>(_ call: AWSCall, _ reader: (HTTPResponse) throws -> Value) async throws -> Value
    {
        var refused: Set<UInt32> = []
        var attempt = 1
        while true {
            let response = try await send(call)
            // What `reader` is given are bytes of this response.
            defer { withExtendedLifetime(response) {} }
            do {
                return try reader(response)
            } catch {
                let isNew = refused.insert(CRC32.checksum(response.body.bytes)).inserted
                guard isNew, retry.allowsAttempt(after: attempt) else { throw error }
            }
            try await Task.sleep(for: retry.delay(after: attempt))
            attempt += 1
        }
    }

    /// Sends, and reads the answer as the JSON of `Answer`; a `Date` is a number of seconds since 1970.
    package func json<Answer: Decodable>(
        _ call: AWSCall, as type: Answer.Type = Answer.self
    ) async throws -> Answer {
        try json(await send(call), of: call, as: type)
    }

    /// Reads an answer as JSON, for `read`.
    package func json<Answer: Decodable>(
        _ response: HTTPResponse, of call: AWSCall, as type: Answer.Type = Answer.self
    ) throws -> Answer {
        let bytes = try plainBody(of: response, call)
        if bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: "<") {
            throw ServiceError.unreadable(
                call.operation, status: response.status, "is an HTML or XML page")
        }
        do {
            let decoder = JSONDecoder()
            decoder.dateDecodingStrategy = .secondsSince1970
            return try decoder.decode(Answer.self, from: Data(bytes))
        } catch {
            throw ServiceError.unreadable(
                call.operation, status: response.status, "is not the JSON of this operation")
        }
    }

    /// Sends, and reads the answer as XML: its root element.
    ///
    /// S3 may say 200 and then tell of an error in the body; that is thrown, and tried again, as an error of the server.
    package func xml(_ call: AWSCall) async throws -> XMLNode {
        let response = try await send(call) { response in
            guard service.wire == .restXML, response.body.count <= 64 << 10,
                let root = try? XMLNode(parsing: response.body.bytes), root.name == "Error"
            else { return nil }
            var failed = response
            failed.status = 500
            return failed
        }
        do {
            return try XMLNode(parsing: try plainBody(of: response, call))
        } catch let error as XMLNode.Malformed {
            throw ServiceError.unreadable(
                call.operation, status: response.status, "is not XML that can be read (\(error.problem))")
        }
    }

    /// Calls an action of a query service: a form of `Action`, `Version` and `parameters`.
    ///
    /// - Returns: the root, `<Action>Response`.
    package func query(_ action: String, _ parameters: [(String, String)]) async throws -> XMLNode {
        try await xml(queryCall(action, parameters))
    }

    /// The call that `query` makes, to be changed before it is sent.
    package func queryCall(_ action: String, _ parameters: [(String, String)]) -> AWSCall {
        var version: [(String, String)] = []
        if case .query(let name) = service.wire { version = [("Version", name)] }
        let form = ([("Action", action)] + version + parameters).map {
            "\(PercentEncoding.encode($0.0))=\(PercentEncoding.encode($0.1))"
        }
        return AWSCall(
            action,
            fields: [HTTPField("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")],
            body: Array(form.joined(separator: "&").utf8))
    }

    // MARK: Pieces, for who sends by himself

    /// The request of a call, not signed yet.
    package func request(_ call: AWSCall) -> HTTPRequest {
        HTTPRequest(
            method: call.method, url: endpoint.url(hostPrefix: call.hostPrefix) + call.target,
            fields: call.fields, body: call.body)
    }

    /// Signs `request` with the credentials of this moment; without any it stays as it is.
    package func sign(_ request: inout HTTPRequest) async throws {
        if let credentials = try await provider.credentials() {
            used.note(credentials)
            signer.sign(&request, with: credentials, at: now())
        }
    }

    /// Looks for newer credentials than those that `request` was signed with, after the service said that they have
    /// expired. However many requests were refused, the provider looks once.
    ///
    /// - Returns: whether there are any: then the same request, made anew, is worth sending.
    package func renewCredentials(refusedIn request: HTTPRequest) async throws -> Bool {
        guard let refused = used.signer(of: request) else { return false }
        return try await provider.credentials(insteadOf: refused) != nil
    }

    /// What an answer that is not a success means, without the secrets that this client signed with.
    ///
    /// - Parameter secrets: more that must not be repeated.
    package func error(
        from response: HTTPResponse, operation: String, secrets: [String] = []
    ) -> ServiceError {
        ServiceError(
            decoding: response, operation: operation, redaction: used.redaction(besides: secrets), now: now())
    }

    // MARK: Sending

    /// - Parameter failure: looks into a success; what it returns in its place is an error's answer.
    private func send(
        _ call: AWSCall, failure disguised: (HTTPResponse) -> HTTPResponse?
    ) async throws -> HTTPResponse {
        if let problem = endpoint.problem { throw problem }
        let unsigned = request(call)
        var attempt = 1
        var renewals = 0
        while true {
            let failure: any StageError
            do {
                var request = unsigned
                if call.isSigned { try await sign(&request) }
                var response = try await transport.send(
                    request, bodySizeHint: nil, bodyLimit: call.bodyLimit)
                if (200..<300).contains(response.status) {
                    guard let failed = disguised(response) else { return response }
                    response = failed
                }
                let error = error(from: response, operation: call.operation, secrets: call.secrets)
                if error.isExpiredCredentials, renewals < Self.renewalLimit,
                    try await renewCredentials(refusedIn: request)
                {
                    renewals += 1
                    continue
                }
                failure = error
            } catch let error as any StageError {
                failure = error
            }
            guard failure.isRetryable, retry.allowsAttempt(after: attempt) else { throw failure }
            try await Task.sleep(
                for: retry.delay(after: attempt, retryAfter: (failure as? ServiceError)?.retryAfter))
            attempt += 1
        }
    }

    /// The body, inflated where it is gzip.
    private func plainBody(of response: HTTPResponse, _ call: AWSCall) throws(ServiceError) -> [UInt8] {
        let buffer = response.body
        guard Gzip.isGzip(buffer.bytes) else { return Array(buffer.bytes) }
        guard let plain = try? Gzip.inflate(buffer.bytes, limit: call.bodyLimit) else {
            throw ServiceError.unreadable(call.operation, status: response.status, "is damaged gzip")
        }
        return plain
    }
}
