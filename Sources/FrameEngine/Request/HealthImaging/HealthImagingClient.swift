import Foundation

/// Calls AWS HealthImaging, or anything that answers like it. A value to copy; any thread.
///
/// Everything but `frameRequest` is sent, tried again as the retry policy says, and decoded here. Errors are
/// `ServiceError`, the transport's, `CredentialsError`, and `CancellationError`.
public struct HealthImagingClient: Sendable {
    /// The largest small answer, in bytes, that is accepted.
    static let answerBytesLimit = 16 << 20
    /// The largest metadata document, in bytes as served, that is accepted. The service's own limit is 50 MB.
    static let metadataBytesLimit = 256 << 20
    /// The most that the API allows.
    static let pageSize = 50
    /// How often new credentials are tried for one call.
    private static let renewalLimit = 2
    /// What errors call a search.
    static let searchOperation = "SearchImageSets"

    private let transport: any HTTPTransport
    private let endpoints: HealthImagingEndpoints
    private let provider: any CredentialsProvider
    private let signer: SigV4Signer
    private let used = UsedCredentials()
    private let retry: RetryPolicy
    private let now: @Sendable () -> Date

    /// - Parameter retry: for the client's own calls; who sends a `frameRequest` tries again by itself.
    public init(transport: any HTTPTransport, settings: AWSSettings, retry: RetryPolicy = RetryPolicy()) {
        self.init(transport: transport, settings: settings, retry: retry, now: Date.init)
    }

    init(
        transport: any HTTPTransport, settings: AWSSettings, retry: RetryPolicy,
        now: @escaping @Sendable () -> Date
    ) {
        self.transport = transport
        endpoints = settings.endpoints
        provider = settings.credentials
        signer = SigV4Signer(region: settings.region)
        self.retry = retry
        self.now = now
    }

    /// All data stores of the account in this region.
    public func datastores() async throws -> [DatastoreSummary] {
        var found: [DatastoreSummary] = []
        var token: String?
        var tokens = PageTokens(operation: "ListDatastores")
        repeat {
            let page: HealthImagingWire.DatastorePage = try await call(
                "ListDatastores", method: "GET",
                url: "\(endpoints.control)/datastore\(Self.pageQuery(token))")
            found += page.datastoreSummaries.map(\.summary)
            token = try tokens.next(after: page.nextToken)
        } while token != nil
        return found
    }

    /// One data store.
    public func datastore(_ id: HealthImagingID) async throws -> DatastoreSummary {
        let answer: HealthImagingWire.DatastoreProperties = try await call(
            "GetDatastore", method: "GET", url: "\(endpoints.control)/datastore/\(id)")
        return answer.datastoreProperties.summary
    }

    /// The image sets that a search finds, page by page as the loop asks for them: one page in memory at a time.
    public func searchImageSets(
        in datastoreID: HealthImagingID, _ search: ImageSetSearch = .all
    ) -> ImageSetPages {
        ImageSetPages(client: self, datastoreID: datastoreID, search: search)
    }

    /// One image set; its latest version where `version` is nil.
    public func imageSet(
        _ id: HealthImagingID, in datastoreID: HealthImagingID, version: String? = nil
    ) async throws -> ImageSetProperties {
        let answer: HealthImagingWire.ImageSet = try await call(
            "GetImageSet", method: "POST",
            url: imageSetURL(datastoreID, id, "getImageSet") + Self.versionQuery(version))
        return answer.properties
    }

    /// An image set's metadata as served, gzipped or not: input for `MetadataPlanner`.
    public func imageSetMetadata(
        _ id: HealthImagingID, in datastoreID: HealthImagingID, version: String? = nil
    ) async throws -> PooledBuffer {
        let request = HTTPRequest(
            method: "POST",
            url: imageSetURL(datastoreID, id, "getImageSetMetadata") + Self.versionQuery(version))
        return try await send(request, operation: "GetImageSetMetadata", bodyLimit: Self.metadataBytesLimit)
            .body
    }

    /// The signed request for one frame, to be sent at once: a signature is good for some minutes only.
    public func frameRequest(for frame: PlannedFrame) async throws -> HTTPRequest {
        let instance = frame.instance
        var request = HTTPRequest(
            method: "POST", url: imageSetURL(instance.datastoreID, instance.imageSetID, "getImageFrame"),
            fields: Self.jsonFields, body: Array("{\"imageFrameId\":\"\(frame.imageFrameID)\"}".utf8))
        try await sign(&request)
        return request
    }

    /// Looks for newer credentials than those that `request` was signed with, after the service said that they have
    /// expired. However many requests were refused, the provider looks once.
    ///
    /// - Returns: whether there are any: then the same request, made anew, is worth sending.
    public func renewCredentials(refusedIn request: HTTPRequest) async throws -> Bool {
        guard let refused = used.signer(of: request) else { return false }
        return try await provider.credentials(insteadOf: refused) != nil
    }

    /// What an answer that is not a success means, without the secrets that this client signed with.
    public func serviceError(from response: HTTPResponse, operation: String) -> ServiceError {
        ServiceError(decoding: response, operation: operation, redaction: used.redaction)
    }

    /// What an answer that is not a success means; it may repeat what the server says of the caller's secrets.
    ///
    /// For answers to requests that no client signed. Otherwise use `serviceError(from:operation:)`.
    public static func error(from response: HTTPResponse, operation: String) -> ServiceError {
        ServiceError(decoding: response, operation: operation)
    }

    /// One page of a search, and the token of the next.
    func searchPage(
        in datastoreID: HealthImagingID, criteria: [UInt8], token: String?
    ) async throws -> (imageSets: [ImageSetSummary], nextToken: String?) {
        let page: HealthImagingWire.SearchPage = try await call(
            Self.searchOperation, method: "POST",
            url: "\(endpoints.runtime)/datastore/\(datastoreID)/searchImageSets\(Self.pageQuery(token))",
            body: criteria)
        return (page.imageSetsMetadataSummaries.map(\.summary), page.nextToken)
    }

    // MARK: Sending

    private func call<Answer: Decodable>(
        _ operation: String, method: String, url: String, body: [UInt8] = []
    ) async throws -> Answer {
        let request = HTTPRequest(
            method: method, url: url, fields: body.isEmpty ? [] : Self.jsonFields, body: body)
        let response = try await send(request, operation: operation, bodyLimit: Self.answerBytesLimit)
        let data: Data
        if Gzip.isGzip(response.body.bytes) {
            guard let plain = try? Gzip.inflate(response.body.bytes, limit: Self.answerBytesLimit) else {
                throw ServiceError.unreadable(operation, status: response.status, "is damaged gzip")
            }
            data = Data(plain)
        } else {
            data = Data(response.body.bytes)
        }
        if data.first(where: { $0 > 0x20 }) == UInt8(ascii: "<") {
            throw ServiceError.unreadable(operation, status: response.status, "is an HTML or XML page")
        }
        do {
            return try JSONDecoder().decode(Answer.self, from: data)
        } catch {
            throw ServiceError.unreadable(
                operation, status: response.status, "is not the JSON of this operation")
        }
    }

    /// Signs and sends until there is a success, an error that lasts, or no attempt is left.
    private func send(
        _ unsigned: HTTPRequest, operation: String, bodyLimit: Int
    ) async throws -> HTTPResponse {
        var attempt = 1
        var renewals = 0
        while true {
            let failure: any StageError
            do {
                var request = unsigned
                try await sign(&request)
                let response = try await transport.send(request, bodySizeHint: nil, bodyLimit: bodyLimit)
                if (200..<300).contains(response.status) { return response }
                let error = serviceError(from: response, operation: operation)
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

    private func sign(_ request: inout HTTPRequest) async throws {
        if let credentials = try await provider.credentials() {
            used.note(credentials)
            signer.sign(&request, with: credentials, at: now())
        }
    }

    // MARK: URLs

    private func imageSetURL(
        _ datastoreID: HealthImagingID, _ imageSetID: HealthImagingID, _ action: String
    ) -> String {
        "\(endpoints.runtime)/datastore/\(datastoreID)/imageSet/\(imageSetID)/\(action)"
    }

    private static func versionQuery(_ version: String?) -> String {
        version.map { "?version=\(PercentEncoding.encode($0))" } ?? ""
    }

    private static func pageQuery(_ token: String?) -> String {
        "?maxResults=\(pageSize)" + (token.map { "&nextToken=\(PercentEncoding.encode($0))" } ?? "")
    }

    private static let jsonFields = [HTTPField("Content-Type", "application/json")]
}
