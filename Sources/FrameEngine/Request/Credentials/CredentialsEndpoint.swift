import Foundation

/// Asks an endpoint that gives credentials: small answers, a time limit of its own, a few attempts.
///
/// What it answers never enters an error, but for the status and an error code that is a plain word.
struct CredentialsEndpoint: Sendable {
    /// No answer, or one that is not 200.
    struct Failure: Error {
        /// Nil where nothing answered.
        let status: Int?
        /// The endpoint's own name for the error.
        let code: String?
        /// For a person; begins with a verb: "answered HTTP 404", "does not answer within 1 s".
        let text: String
    }

    let transport: any HTTPTransport
    /// For each attempt.
    var timeLimit: Duration = .seconds(10)
    var attempts = 3
    var pause: Duration = .seconds(1)
    /// The largest answer, in bytes.
    static let bodyLimit = 256 << 10

    /// Sends until there is a 200. Only silence, 429 and 5xx are tried again.
    func send(_ request: HTTPRequest) async throws(Failure) -> [UInt8] {
        var attempt = 1
        while true {
            do throws(Failure) {
                return try await once(request)
            } catch {
                let mayPass = error.status.map { $0 == 429 || $0 >= 500 } ?? true
                guard mayPass, attempt < attempts, !Task.isCancelled else { throw error }
            }
            attempt += 1
            try? await Task.sleep(for: pause)
        }
    }

    private func once(_ request: HTTPRequest) async throws(Failure) -> [UInt8] {
        let outcome = await Self.outcome(of: request, transport, within: timeLimit)
        switch outcome {
        case .success(let response?):
            guard response.status == 200 else {
                let code = Self.errorCode(in: response)
                throw Failure(
                    status: response.status, code: code,
                    text: "answered HTTP \(response.status)\(code.map { " (\($0))" } ?? "")")
            }
            let body = response.body
            return Array(body.bytes)
        case .success(nil):
            throw Failure(status: nil, code: nil, text: "does not answer within \(Self.text(timeLimit))")
        case .failure(let error as TransportError):
            throw Failure(status: nil, code: nil, text: "cannot be reached: \(error.detail) (\(error.code))")
        case .failure(let error as any StageError):
            throw Failure(status: nil, code: nil, text: "cannot be reached: \(error.message)")
        case .failure:
            throw Failure(status: nil, code: nil, text: "was not asked to the end")
        }
    }

    /// Nil when the time is over.
    private static func outcome(
        of request: HTTPRequest, _ transport: any HTTPTransport, within limit: Duration
    ) async -> Result<HTTPResponse?, any Error> {
        await withTaskGroup(of: Result<HTTPResponse?, any Error>.self) { group in
            group.addTask {
                do {
                    return .success(
                        try await transport.send(request, bodySizeHint: nil, bodyLimit: Self.bodyLimit))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                do {
                    try await Task.sleep(for: limit)
                    return .success(nil)
                } catch {
                    return .failure(error)
                }
            }
            defer { group.cancelAll() }
            return await group.next() ?? .failure(CancellationError())
        }
    }

    /// The code in a JSON error (`code`, `Code`, `error`, `__type`) or `x-amzn-errortype`, if it is a word.
    private static func errorCode(in response: HTTPResponse) -> String? {
        let body = response.body
        let object = try? JSONSerialization.jsonObject(with: Data(body.bytes)) as? [String: Any]
        let named =
            response.field("x-amzn-errortype")
            ?? ["__type", "code", "Code", "error"].lazy.compactMap { object?[$0] as? String }.first
        guard let code = named?.prefix(while: { $0 != ":" }).split(separator: "#").last,
            code.utf8.count <= 60, code.utf8.allSatisfy({ isWordByte($0) })
        else { return nil }
        return String(code)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte & 0xDF) || byte == UInt8(ascii: "_")
    }

    private static func text(_ duration: Duration) -> String {
        "\(Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18) s"
            .replacing(".0 s", with: " s")
    }
}
