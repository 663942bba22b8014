import Foundation
import FrameEngine
import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix

/// Takes HTTP to the API and back: collects the body, checks the signature, runs the blocking work on its threads.
struct APIResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    private let api: HealthImagingAPI
    /// Nil where signatures are not asked for.
    private let authenticator: RequestAuthenticator?
    private let bodyLimitInBytes: Int
    private let threads: NIOThreadPool
    private let onFailure: @Sendable (String) -> Void

    private static let requestIDField = "x-amzn-requestid"

    init(configuration: LocalServerConfiguration, threads: NIOThreadPool) {
        api = HealthImagingAPI(
            store: configuration.store, region: configuration.region, accountID: configuration.accountID)
        authenticator =
            configuration.credentials.isEmpty ? nil : RequestAuthenticator(configuration.credentials)
        bodyLimitInBytes = configuration.requestBodyLimitInBytes
        self.threads = threads
        onFailure = configuration.onFailure
    }

    func respond(to request: Request, context: Context) async throws -> Response {
        let body: [UInt8]
        do {
            body = try await [UInt8](request.body.collect(upTo: bodyLimitInBytes).readableBytesView)
        } catch is NIOTooManyBytesError {
            return http(APIError.tooLarge(limitInBytes: bodyLimitInBytes).response)
        }
        let apiRequest = Self.request(request, body: body)
        let answer = try await threads.runIfActive {
            do throws(APIError) {
                try authenticator?.verify(apiRequest, at: Date.now)
                return api.respond(to: apiRequest)
            } catch {
                return error.response
            }
        }
        if let failure = answer.failure {
            onFailure("\(apiRequest.method) \(apiRequest.path): \(failure)")
        }
        return http(answer)
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

    private func http(_ answer: APIResponse) -> Response {
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
        }
        return Response(status: HTTPResponse.Status(code: answer.status), headers: headers, body: body)
    }
}
