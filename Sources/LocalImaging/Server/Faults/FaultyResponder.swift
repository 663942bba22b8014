import Foundation
import FrameEngine
import HTTPTypes
import Hummingbird
import NIOCore

/// Answers as the API does, but for the faults of a plan. What was injected is told at `GET /_faults`.
struct FaultyResponder: HTTPResponder {
    /// What faults need to know of a request: the channel that it came by.
    struct Context: InitializableFromSource {
        let channel: any Channel

        init(source: ApplicationRequestContextSource) { channel = source.channel }
    }

    /// Where the counts are served.
    static let countsPath = "/_faults"

    private let api: APIResponder
    private let injector: FaultInjector
    private let siblings: SiblingFrames
    private let census = RequestCensus()

    init(api: APIResponder, injector: FaultInjector, store: ImageSetStore) {
        self.api = api
        self.injector = injector
        siblings = SiblingFrames(store)
    }

    func respond(to request: Request, context: Context) async throws -> Response {
        if request.head.path == Self.countsPath { return api.http(.json(injector.injected)) }
        if let response = try await api.respondElsewhere(to: request) { return response }
        guard let received = try await api.receive(request) else { return api.tooLarge }
        let asked = Asked(received)
        guard injector.plan.covers(asked.operation), !asked.isUnreadable else {
            return api.http(try await api.answer(to: received))
        }
        injector.noteRequest()
        let entry = census.enter(context.channel.connection)
        try await enforceLimits(entry, asked, context)
        guard injector.admits() else {
            note("quota", asked)
            return api.http(APIError.throttled.response)
        }
        let draw = injector.draw(asked.key)
        if let latency = injector.latency(draw.dice) { try await Task.sleep(for: latency) }
        let response =
            if let rule = draw.rule {
                try await faulty(rule, draw, asked, context)
            } else {
                api.http(try await api.answer(to: received))
            }
        return keeping(entry, until: response)
    }

    // MARK: What is asked for

    private struct Asked {
        let request: APIRequest
        let operation: Operation?
        /// The frame's id as sent; nil for other operations.
        let frame: String?

        private struct FrameRequest: Decodable { let imageFrameId: String }

        init(_ request: APIRequest) {
            self.request = request
            operation = Operation(method: request.method, path: request.path)
            if case .getImageFrame? = operation {
                frame =
                    (try? JSONDecoder().decode(FrameRequest.self, from: Data(request.body)))?.imageFrameId
            } else {
                frame = nil
            }
        }

        /// Whether a frame is asked for without saying which: a mistake of the client, or a connection that ended within
        /// the request. No fault is meant for it.
        var isUnreadable: Bool {
            if case .getImageFrame? = operation { frame == nil } else { false }
        }

        /// What faults are drawn for.
        var key: String {
            frame ?? "\(request.method) \(request.path)?\(request.query) \(request.body)"
        }

        /// What the log calls it: the last part of the path says it for everything that is fetched.
        var name: String {
            let last = request.path.split(separator: "/").last.map(String.init) ?? ""
            return last.prefix(1).uppercased() + last.dropFirst()
        }

        /// Where the frame lies, its ids checked.
        var address: (datastore: HealthImagingID, imageSet: HealthImagingID, frame: HealthImagingID)? {
            guard case .getImageFrame(let datastore, let imageSet)? = operation,
                let datastore = HealthImagingID(datastore), let imageSet = HealthImagingID(imageSet),
                let frame = frame.flatMap({ HealthImagingID($0) })
            else { return nil }
            return (datastore, imageSet, frame)
        }
    }

    private func note(
        _ fault: String, _ asked: Asked, _ draw: FaultInjector.Draw? = nil, _ detail: String? = nil
    ) {
        injector.note(
            FaultLog.Entry(
                operation: asked.name, frame: asked.frame, attempt: draw?.attempt, fault: fault,
                detail: detail))
    }

    // MARK: Limits on requests in progress

    /// Drops the connection, and throws, where there are too many requests in progress.
    private func enforceLimits(
        _ entry: RequestCensus.Entry, _ asked: Asked, _ context: Context
    ) async throws {
        let plan = injector.plan
        let tooManyStreams = context.channel.isStream && entry.onConnection > plan.streamLimit ?? .max
        guard tooManyStreams || entry.onAll > plan.requestLimit ?? .max else { return }
        note(tooManyStreams ? "streams" : "requests", asked)
        await context.channel.cutConnection(byReset: false)
        throw FaultyBody.Ended()
    }

    /// The request is in progress until its answer has been written.
    private func keeping(_ entry: RequestCensus.Entry, until response: Response) -> Response {
        guard injector.plan.streamLimit != nil || injector.plan.requestLimit != nil else { return response }
        var response = response
        let body = response.body
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            defer { withExtendedLifetime(entry) {} }
            try await body.write(writer)
        }
        return response
    }

    // MARK: Faults

    private func faulty(
        _ rule: FaultPlan.Rule, _ draw: FaultInjector.Draw, _ asked: Asked, _ context: Context
    ) async throws -> Response {
        if let error = rule.kind.error {
            var response = error.response
            var detail: String?
            if let range = rule.retryAfter {
                let wanted =
                    range.lowerBound + (range.upperBound - range.lowerBound) * draw.dice.unit(.retryAfter)
                // Whole seconds are all that the field can say (RFC 9110, 10.2.3).
                let seconds = Int(wanted.rounded())
                response.fields.append(FrameEngine.HTTPField("retry-after", String(seconds)))
                detail = "Retry-After: \(seconds)"
            }
            note(rule.kind.rawValue, asked, draw, detail)
            return api.http(response)
        }
        switch rule.kind {
        case .html:
            note(rule.kind.rawValue, asked, draw)
            return api.http(APIResponse(contentType: "text/html", body: .bytes(Self.page)))
        case .goaway where context.channel.isStream:
            note(rule.kind.rawValue, asked, draw)
            await context.channel.refuseByGoaway()
            throw FaultyBody.Ended()
        case .goaway, .close:
            note(rule.kind.rawValue, asked, draw)
            await context.channel.cutConnection(byReset: false)
            throw FaultyBody.Ended()
        default:
            return try await withFaultyBody(rule, draw, asked, context)
        }
    }

    /// The API's answer with its body spoilt. Errors and empty bodies are answered as they are.
    private func withFaultyBody(
        _ rule: FaultPlan.Rule, _ draw: FaultInjector.Draw, _ asked: Asked, _ context: Context
    ) async throws -> Response {
        let answer = try await api.answer(to: asked.request)
        guard answer.status == 200 else { return api.http(answer) }
        let bytes = try await api.bytes(of: answer.body)
        let count = bytes.readableBytes
        guard count > 0 else { return api.http(answer) }
        let body = FaultyBody(bytes: bytes, channel: context.channel)
        let place = draw.dice.below(count, .place)
        var detail = "\(place) of \(count) bytes"
        let spoilt: ResponseBody
        switch rule.kind {
        case .truncate: spoilt = body.truncated(to: place)
        case .short: spoilt = body.short(place)
        case .reset: spoilt = body.reset(after: place)
        case .stall: spoilt = body.stalled(after: place)
        case .drip:
            spoilt = body.dripping(bytesPerSecond: rule.bytesPerSecond ?? 1)
            detail = "\(count) bytes"
        case .flip:
            let bit = draw.dice.below(count * 8, .place)
            spoilt = body.flipped(bit: bit)
            detail = "bit \(bit % 8) of byte \(bit / 8) of \(count)"
        case .wrong:
            guard let address = asked.address else { return api.http(answer) }
            let other = try await api.blocking { [siblings] in
                try siblings.bytes(
                    besides: address.frame, of: address.imageSet, in: address.datastore, otherThan: bytes,
                    number: draw.sibling)
            }
            guard let other else { return api.http(answer) }
            spoilt = ResponseBody(byteBuffer: other)
            detail = "\(other.readableBytes) bytes in place of \(count)"
        default: preconditionFailure("\(rule.kind) does not spoil a body")
        }
        note(rule.kind.rawValue, asked, draw, detail)
        var response = api.http(answer)
        response.body = spoilt
        return response
    }

    private static let page = ByteBuffer(
        string:
            "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>\n"
    )
}
