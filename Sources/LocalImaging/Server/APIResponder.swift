import Foundation
import FrameEngine
import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix

/// Takes HTTP to the APIs and back: tells the services apart, collects the body, checks the signature, runs the blocking
/// work on its threads.
struct APIResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    private let api: HealthImagingAPI
    private let s3: S3Responder
    private let query: QueryResponder
    /// Nil where signatures are not asked for.
    private let authenticator: RequestAuthenticator?
    private let bodyLimitInBytes: Int
    private let threads: NIOThreadPool
    private let onFailure: @Sendable (String) -> Void

    private static let requestIDField = "x-amzn-requestid"

    init(configuration: LocalServerConfiguration, services: LocalServices, threads: NIOThreadPool) {
        api = services.healthImagingAPI(configuration)
        let authenticator =
            configuration.credentials.isEmpty
            ? nil : RequestAuthenticator(configuration.credentials, sessions: services.sessions)
        s3 = S3Responder(
            api: S3API(
                buckets: services.buckets, region: configuration.region, accountID: configuration.accountID),
            authenticator: authenticator, threads: threads)
        query = QueryResponder(
            sts: STSAPI(
                sessions: services.sessions, accountID: configuration.accountID,
                trustsWebIdentities: configuration.credentials.isEmpty || configuration.isOfThisMachineOnly),
            cloudFormation: CloudFormationAPI(engine: services.stacks), authenticator: authenticator)
        self.authenticator = authenticator
        bodyLimitInBytes = configuration.requestBodyLimitInBytes
        self.threads = threads
        onFailure = configuration.onFailure
    }

    func respond(to request: Request, context: Context) async throws -> Response {
        if let response = try await respondElsewhere(to: request) { return response }
        guard let apiRequest = try await receive(request) else { return tooLarge }
        return http(try await answer(to: apiRequest))
    }

    /// Answers a request to another service than HealthImaging; nil for one to HealthImaging, which is not touched.
    func respondElsewhere(to request: Request) async throws -> Response? {
        let head = Self.request(request, body: [])
        switch ServiceRoute(head) {
        case .healthImaging: return nil
        case .s3:
            let answer = try await s3.respond(to: request, head: head)
            tell(answer, of: head)
            return http(answer)
        case .query:
            guard let whole = try await receive(request) else { return tooLarge }
            let answer = try await blocking { query.respond(to: whole, at: Date.now) }
            tell(answer, of: head)
            return http(answer)
        }
    }

    // MARK: The steps of an answer

    /// The request with its whole body; nil where that is over the limit.
    func receive(_ request: Request) async throws -> APIRequest? {
        do {
            let body = try await request.body.collect(upTo: bodyLimitInBytes)
            return Self.request(request, body: [UInt8](body.readableBytesView))
        } catch is NIOTooManyBytesError {
            return nil
        }
    }

    /// What a request with too large a body is answered.
    var tooLarge: Response { http(APIError.tooLarge(limitInBytes: bodyLimitInBytes).response) }

    /// Checks the signature and asks the API.
    func answer(to request: APIRequest) async throws -> APIResponse {
        let answer = try await blocking {
            do throws(APIError) {
                try authenticator?.verify(request, at: Date.now)
                return api.respond(to: request)
            } catch {
                return error.response
            }
        }
        tell(answer, of: request)
        return answer
    }

    /// Tells the operator of a failure that is not the client's.
    private func tell(_ answer: APIResponse, of request: APIRequest) {
        if let failure = answer.failure {
            onFailure("\(request.method) \(request.path): \(failure)")
        }
    }

    /// Runs what blocks on the disk, where that does no harm.
    func blocking<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await threads.runIfActive(work)
    }

    /// A body as a whole, in memory.
    func bytes(of body: APIResponse.Body) async throws -> ByteBuffer {
        switch body {
        case .bytes(let bytes): bytes
        case .file(let file): try await blocking { try file.read(count: file.size, at: 0) }
        case .part(let file, let range):
            try await blocking { try file.read(count: range.count, at: range.lowerBound) }
        }
    }

    /// The fields with `host` among them: HTTP/2 sends it as `:authority`, and the HTTP/1 codec files it there too.
    private static func request(_ request: Request, body: [UInt8]) -> APIRequest {
        var fields = request.headers.map { FrameEngine.HTTPField($0.name.rawName, $0.value) }
        if let authority = request.head.authority {
            fields.append(FrameEngine.HTTPField("host", authority))
        }
        return APIRequest(
            method: request.method.rawValue, target: request.head.path ?? "/", fields: fields, body: body)
    }

    /// An answer as HTTP.
    func http(_ answer: APIResponse) -> Response {
        var headers = HTTPFields()
        for field in answer.fields {
            if let name = HTTPTypes.HTTPField.Name(field.name) { headers[name] = field.value }
        }
        if let name = HTTPTypes.HTTPField.Name(Self.requestIDField) {
            headers[name] = UUID().uuidString.lowercased()
        }
        let body: ResponseBody
        switch answer.body {
        case .bytes(let bytes): body = ResponseBody(byteBuffer: bytes)
        case .file(let file): body = FileStream.body(file, threads: threads)
        case .part(let file, let range): body = FileStream.body(file, range: range, threads: threads)
        }
        return Response(status: HTTPResponse.Status(code: answer.status), headers: headers, body: body)
    }
}
