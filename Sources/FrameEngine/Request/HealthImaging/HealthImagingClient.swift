import Foundation

/// Calls AWS HealthImaging, or anything that answers like it: all 18 operations of its API. A value to copy; any thread.
///
/// Everything but `frameRequest` is sent, tried again as the retry policy says, and decoded here. Errors are
/// `ServiceError`, the transport's, `CredentialsError`, and `CancellationError`.
public struct HealthImagingClient: Sendable {
    /// The largest metadata document, in bytes as served, that is accepted. The service's own limit is 50 MB.
    static let metadataBytesLimit = 256 << 20
    /// The largest frame, in bytes as stored, that `imageFrame` accepts.
    static let frameBytesLimit = 1 << 30
    /// The most that the API allows.
    static let pageSize = 50
    /// What errors call a search.
    static let searchOperation = "SearchImageSets"

    let client: AWSClient

    /// - Parameter retry: for the client's own calls; who sends a `frameRequest` tries again by itself.
    public init(transport: any HTTPTransport, settings: AWSSettings, retry: RetryPolicy = RetryPolicy()) {
        self.init(transport: transport, settings: settings, retry: retry, now: Date.init)
    }

    init(
        transport: any HTTPTransport, settings: AWSSettings, retry: RetryPolicy,
        now: @escaping @Sendable () -> Date
    ) {
        client = AWSClient(
            .healthImaging, endpoint: settings.endpoint(for: .healthImaging),
            credentials: settings.credentials, transport: transport, retry: retry, now: now)
    }

    /// The signed request for one frame, to be sent at once: a signature is good for some minutes only.
    public func frameRequest(for frame: PlannedFrame) async throws -> HTTPRequest {
        var request = client.request(
            Self.frameCall(
                frame.imageFrameID, frame.instance.imageSetID, frame.instance.datastoreID))
        try await client.sign(&request)
        return request
    }

    /// Looks for newer credentials than those that `request` was signed with, after the service said that they have
    /// expired. However many requests were refused, the provider looks once.
    ///
    /// - Returns: whether there are any: then the same request, made anew, is worth sending.
    public func renewCredentials(refusedIn request: HTTPRequest) async throws -> Bool {
        try await client.renewCredentials(refusedIn: request)
    }

    /// What an answer that is not a success means, without the secrets that this client signed with.
    public func serviceError(from response: HTTPResponse, operation: String) -> ServiceError {
        client.error(from: response, operation: operation)
    }

    /// What an answer that is not a success means; it may repeat what the server says of the caller's secrets.
    ///
    /// For answers to requests that no client signed. Otherwise use `serviceError(from:operation:)`.
    public static func error(from response: HTTPResponse, operation: String) -> ServiceError {
        ServiceError(decoding: response, operation: operation)
    }

    // MARK: Calls

    /// A call about one image set: its action is its operation with a small first letter.
    static func imageSetCall(
        _ operation: String, _ id: HealthImagingID, _ datastoreID: HealthImagingID,
        query: [(name: String, value: String?)] = []
    ) -> AWSCall {
        let action = operation.prefix(1).lowercased() + operation.dropFirst()
        return AWSCall(
            operation, path: "/datastore/\(datastoreID)/imageSet/\(id)/\(action)", query: query,
            hostPrefix: HealthImagingEndpoints.runtimePrefix)
    }

    static func frameCall(
        _ frameID: HealthImagingID, _ imageSetID: HealthImagingID, _ datastoreID: HealthImagingID
    ) -> AWSCall {
        // Written by hand: this runs once a frame, and an id needs no escapes.
        var call = imageSetCall("GetImageFrame", imageSetID, datastoreID)
        call.fields = jsonFields
        call.body = Array("{\"imageFrameId\":\"\(frameID)\"}".utf8)
        return call
    }

    static func versionQuery(_ version: String?) -> [(name: String, value: String?)] {
        version.map { [("version", $0)] } ?? []
    }

    static func pageQuery(_ token: String?) -> [(name: String, value: String?)] {
        [("maxResults", String(pageSize))] + (token.map { [("nextToken", $0)] } ?? [])
    }

    static let jsonFields = [HTTPField("Content-Type", "application/json")]
}
