import Synchronization

@testable import FrameEngine
@testable import ImagingWorkflow

/// A transport that answers as a closure says and remembers what it was asked. Any thread.
final class ScriptedService: HTTPTransport {
    struct Answer: Sendable {
        var status = 200
        var fields: [HTTPField] = []
        var body = ""
    }

    private let requestsSoFar = Mutex<[HTTPRequest]>([])
    private let pool = BufferPool()
    /// Gets the request and how many came before it.
    private let answer: @Sendable (HTTPRequest, Int) throws -> Answer

    init(_ answer: @escaping @Sendable (HTTPRequest, Int) throws -> Answer) {
        self.answer = answer
    }

    /// Answers in the order of the list; its last one for ever.
    convenience init(_ answers: [Answer]) {
        self.init { _, index in answers[min(index, answers.count - 1)] }
    }

    var requests: [HTTPRequest] { requestsSoFar.withLock { $0 } }

    func send(_ request: HTTPRequest, bodySizeHint: Int?, bodyLimit: Int) async throws -> HTTPResponse {
        let index = requestsSoFar.withLock { requests in
            requests.append(request)
            return requests.count - 1
        }
        let answer = try answer(request, index)
        let buffer = pool.buffer(capacity: answer.body.utf8.count)
        Array(answer.body.utf8).withUnsafeBytes { buffer.append($0) }
        return HTTPResponse(status: answer.status, fields: answer.fields, body: buffer)
    }
}

extension ScriptedService.Answer {
    static func xml(_ body: String, status: Int = 200, fields: [HTTPField] = []) -> Self {
        Self(status: status, fields: fields + [HTTPField("Content-Type", "application/xml")], body: body)
    }

    static func error(_ code: String, status: Int, _ message: String = "said the service") -> Self {
        .xml("<Error><Code>\(code)</Code><Message>\(message)</Message></Error>", status: status)
    }

    /// An error of the query protocol.
    static func queryError(_ code: String, status: Int = 400, _ message: String = "said the service") -> Self
    {
        .xml(
            "<ErrorResponse><Error><Code>\(code)</Code><Message>\(message)</Message></Error></ErrorResponse>",
            status: status)
    }
}

extension HTTPRequest {
    var text: String { String(decoding: body, as: UTF8.self) }

    func field(_ name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The form's values by name, or those of the query where there is no body.
    var form: [String: String] {
        let source = body.isEmpty ? (URLParts(url)?.query ?? "") : text
        let pairs = source.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value =
                parts.count == 2 ? String(decoding: PercentEncoding.decode(parts[1]), as: UTF8.self) : ""
            return (String(decoding: PercentEncoding.decode(parts[0]), as: UTF8.self), value)
        }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }
}

/// Credentials that never change.
private struct FixedCredentials: CredentialsProvider {
    func credentials() async throws -> AWSCredentials? {
        AWSCredentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "secret")
    }

    func credentials(insteadOf refused: AWSCredentials) async throws -> AWSCredentials? { nil }
}

enum TestSettings {
    static func aws(region: String = "us-east-1") throws -> AWSSettings {
        try AWSSettings(
            region: region, endpoints: HealthImagingEndpoints(region: region), credentials: FixedCredentials()
        )
    }

    static func custom(_ url: String = "http://127.0.0.1:9000") throws -> AWSSettings {
        try AWSSettings(
            region: "us-east-1", endpoints: HealthImagingEndpoints(custom: url),
            credentials: FixedCredentials())
    }

    /// Tries again without waiting.
    static let retry = RetryPolicy(attempts: 3, base: .zero, cap: .zero)

    static func s3(_ service: ScriptedService, region: String = "us-east-1") throws -> S3Client {
        S3Client(transport: service, settings: try aws(region: region), retry: retry)
    }

    static func stackStep(_ service: ScriptedService, wait: WaitPolicy? = nil) throws -> StackStep {
        let settings = try custom()
        return StackStep(
            cloudFormation: CloudFormationClient(transport: service, settings: settings, retry: retry),
            s3: S3Client(transport: service, settings: settings, retry: retry),
            wait: wait ?? WaitPolicy(interval: .milliseconds(1), longestInterval: .milliseconds(1)))
    }
}
