import Synchronization

@testable import FrameEngine
@testable import ImagingWorkflow

/// S3 with path-style buckets in memory. What is not in `errors` succeeds.
final class FakeBuckets: Sendable {
    struct State {
        var buckets: [String: [String: (size: Int, etag: String)]]
        /// By `METHOD bucket/key`.
        var errors: [String: ScriptedService.Answer] = [:]
        /// Keys that were written, in order.
        var written: [String] = []
    }

    let state: Mutex<State>

    init(_ buckets: [String: [String: (size: Int, etag: String)]]) {
        state = Mutex(State(buckets: buckets))
    }

    func client() throws -> S3Client {
        let service = ScriptedService { [self] request, _ in answer(request) }
        return S3Client(transport: service, settings: try TestSettings.custom(), retry: TestSettings.retry)
    }

    private func answer(_ request: HTTPRequest) -> ScriptedService.Answer {
        let path = String(
            decoding: PercentEncoding.decode(URLParts(request.url)?.path.dropFirst() ?? ""), as: UTF8.self)
        let parts = path.split(separator: "/", maxSplits: 1)
        let (bucket, key) = (parts.first.map(String.init) ?? "", parts.count == 2 ? String(parts[1]) : "")
        return state.withLock { state in
            if let error = state.errors["\(request.method) \(path)"] { return error }
            if request.method == "PUT", key.isEmpty {
                state.buckets[bucket] = [:]
                return ScriptedService.Answer()
            }
            guard let objects = state.buckets[bucket] else { return .error("NoSuchBucket", status: 404) }
            switch request.method {
            case "PUT":
                state.written.append(key)
                if let source = request.field("x-amz-copy-source") {
                    let name = String(decoding: PercentEncoding.decode(source.dropFirst()), as: UTF8.self)
                    let from = name.split(separator: "/", maxSplits: 1).map(String.init)
                    guard let object = state.buckets[from[0]]?[from[1]] else {
                        return .error("NoSuchKey", status: 404)
                    }
                    state.buckets[bucket]?[key] = object
                    return .xml("<CopyObjectResult><ETag>\(object.etag)</ETag></CopyObjectResult>")
                }
                let etag = ContentMD5.hexadecimal(of: request.body)
                state.buckets[bucket]?[key] = (request.body.count, etag)
                return ScriptedService.Answer(fields: [HTTPField("ETag", "\"\(etag)\"")])
            case "HEAD":
                guard let object = objects[key] else { return ScriptedService.Answer(status: 404) }
                return ScriptedService.Answer(fields: [
                    HTTPField("Content-Length", "\(object.size)"), HTTPField("ETag", object.etag),
                ])
            default:
                let prefix = request.form["prefix"] ?? ""
                let entries = objects.filter { $0.key.hasPrefix(prefix) }.sorted { $0.key < $1.key }.map {
                    "<Contents><Key>\($0.key)</Key><Size>\($0.value.size)</Size><ETag>\($0.value.etag)</ETag></Contents>"
                }
                return .xml("<ListBucketResult>\(entries.joined())</ListBucketResult>")
            }
        }
    }
}
