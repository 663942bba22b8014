import Testing

@testable import FrameEngine

@Suite("Secrets of the caller in what a server says")
struct SecretRedactionTests {
    static let secret = "wJalr/XUtn+FEMI=K7MDENG"
    static let credentials = AWSCredentials(
        accessKeyID: "AKIDEXAMPLE", secretAccessKey: secret, sessionToken: "IQoJ//token+==")

    @Test(
        "become *** as they are, percent-encoded in any way, and where a blank took the place of the plus",
        arguments: [
            "wJalr/XUtn+FEMI=K7MDENG", "wJalr%2FXUtn%2BFEMI%3DK7MDENG", "wJalr%2fXUtn%2bFEMI%3dK7MDENG",
            "wJalr/XUtn%2BFEMI=K7MDENG", "wJalr%252FXUtn%252BFEMI%253DK7MDENG", "wJalr/XUtn FEMI=K7MDENG",
            "%77%4A%61%6c%72%2FXUtn%2BFEMI%3DK7MDENG", "IQoJ//token+==", "IQoJ%2F%2Ftoken%2B%3D%3D",
        ])
    func hidden(form: String) {
        let redaction = SecretRedaction([Self.credentials])
        #expect(redaction.redacted("a \(form) b \(form)") == "a *** b ***")
        #expect(redaction.redacted(form) == "***")
    }

    @Test(
        "leave every other text alone, the access key id and broken encodings included",
        arguments: ["", "AKIDEXAMPLE may not", "100%", "%", "%2", "%25", "wJalr%2", "wJalr%2FXUt", "größe ü"])
    func kept(text: String) {
        #expect(SecretRedaction([Self.credentials]).redacted(text) == text)
        #expect(SecretRedaction.none.redacted(text) == text)
    }

    @Test("an empty secret or token hides nothing, and a secret within another leaves no rest of it")
    func emptyAndNested() {
        let empty = AWSCredentials(accessKeyID: "A", secretAccessKey: "", sessionToken: "")
        #expect(SecretRedaction([empty]).redacted("text") == "text")
        let nested = AWSCredentials(accessKeyID: "A", secretAccessKey: "abc", sessionToken: "xxabcyy")
        #expect(SecretRedaction([nested]).redacted("xxabcyy abc") == "*** ***")
    }

    static let store = String(repeating: "d", count: 32)

    static func client(_ provider: any CredentialsProvider, _ answers: [ScriptedTransport.Answer]) throws
        -> HealthImagingClient
    {
        HealthImagingClient(
            transport: ScriptedTransport(answers),
            settings: AWSSettings(
                region: "eu-west-1", endpoints: try HealthImagingEndpoints(region: "eu-west-1"),
                credentials: provider), retry: RetryPolicy(attempts: 1))
    }

    @Test("do not enter the error of a call, be they in the message, at its cut, or in the code")
    func clientErrors() async throws {
        let filler = String(repeating: "x", count: 290)
        for said in ["bad key \(Self.secret)", "t=IQoJ%2F%2Ftoken%2B%3D%3D", filler + Self.secret] {
            let client = try Self.client(
                StaticCredentials(Self.credentials), [.json(#"{"message":"\#(said)"}"#, status: 403)])
            let error = await #expect(throws: ServiceError.self) { try await client.datastores() }
            let message = try #require(error?.message)
            #expect(message.contains("***"))
            #expect(!message.contains("wJal"))
            #expect(!message.contains("IQoJ"))
        }
        let plain = AWSCredentials(accessKeyID: "A", secretAccessKey: "PlainSecret")
        let client = try Self.client(
            StaticCredentials(plain),
            [.json("{}", status: 400, fields: [HTTPField("x-amzn-errortype", "PlainSecret")])])
        let error = await #expect(throws: ServiceError.self) { try await client.datastores() }
        #expect(error?.message.contains("PlainSecret") == false)
        #expect(error?.code == "http-400")
    }

    @Test("do not enter the error of a frame, also where the credentials were renewed before the answer came")
    func frameErrors() async throws {
        let renewed = AWSCredentials(accessKeyID: "B", secretAccessKey: "second-secret")
        let provider = RenewingCredentials([Self.credentials, renewed])
        let client = try Self.client(provider, [])
        let id = try #require(HealthImagingID(Self.store))
        let frame = PlannedFrame(
            instance: PlannedInstance(datastoreID: id, imageSetID: id), frameNumber: 1, imageFrameID: id)
        _ = try await client.frameRequest(for: frame)
        _ = try await client.frameRequest(for: frame)
        let body = Array(#"{"message":"\#(Self.secret) and second-secret"}"#.utf8)
        let error = client.serviceError(
            from: ScriptedTransport.response(403, body: body), operation: "GetImageFrame")
        #expect(error.message.hasPrefix("GetImageFrame: HTTP 403: *** and ***"))
        #expect(error.kind == .credentials)
    }
}

/// Gives other credentials each time, the last ones for ever.
private final class RenewingCredentials: CredentialsProvider {
    private let rest: Shared<[AWSCredentials]>

    init(_ all: [AWSCredentials]) { rest = Shared(all) }

    func credentials() async -> AWSCredentials? {
        rest.withLock { $0.count > 1 ? $0.removeFirst() : $0.first }
    }
}
