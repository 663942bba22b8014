import Foundation
import Testing

@testable import FrameEngine

@Suite("Expired credentials")
struct CredentialsRenewalTests {
    /// Gives out the next key at each look, and waits a moment, so that looks at the same time would meet.
    private struct Source: CredentialsSource {
        let looks = Shared(0)
        let keys: [String]
        var name: String { "test" }

        func load() async throws(CredentialsError) -> CredentialsLookup {
            let look = looks.withLock { looks in
                looks += 1
                return looks - 1
            }
            try? await Task.sleep(for: .milliseconds(20))
            let key = keys[min(look, keys.count - 1)]
            return .found(AWSCredentials(accessKeyID: key, secretAccessKey: "s-\(key)"))
        }
    }

    /// A service that knows one key, and calls any other expired.
    private struct Service: HTTPTransport {
        let key: String
        let body: [UInt8]
        let refusals = Shared(0)

        func send(_ request: HTTPRequest, bodySizeHint: Int?, bodyLimit: Int) async throws -> HTTPResponse {
            let authorization = request.fields.first { $0.name.lowercased() == "authorization" }?.value ?? ""
            await Task.yield()
            if authorization.contains("Credential=\(key)/") {
                return ScriptedTransport.response(200, body: body)
            }
            refusals.withLock { $0 += 1 }
            return ScriptedTransport.response(
                403, fields: [HTTPField("x-amzn-errortype", "ExpiredTokenException")],
                body: Array(#"{"message":"expired"}"#.utf8))
        }
    }

    private static func settings(_ source: Source) throws -> AWSSettings {
        AWSSettings(
            region: "us-east-1", endpoints: try HealthImagingEndpoints(custom: "http://127.0.0.1:1"),
            // No second look, however slowly the test runs.
            credentials: CredentialsChain([source], pause: .seconds(3600)))
    }

    private static let pixels: [UInt8] = [1, 2, 3, 4]

    private static func pipeline(_ service: Service, _ source: Source) throws -> FramePipeline {
        let buffers = BufferPool()
        return FramePipeline(
            client: HealthImagingClient(transport: service, settings: try settings(source)),
            transport: service,
            workers: WorkerPool(count: 2, name: "test") { number in
                FrameWorker(decoder: FrameDecoder(pool: buffers), pool: buffers, number: number)
            },
            gate: RequestGate(
                slots: RequestSlots(.fixed(64)), pacer: RequestPacer(ceiling: nil), health: ServiceHealth()),
            memory: AsyncBudget(limit: 1 << 30), sink: DiscardingSink(),
            retry: RetryPolicy(attempts: 2, base: .microseconds(10), cap: .milliseconds(1)),
            allowsUnverifiable: false, frameLimitInBytes: 1 << 20)
    }

    private static func frame(_ number: Int) -> PlannedFrame {
        let known = ManifestTests.outcome(number).frame
        let instance = PlannedInstance(
            datastoreID: known.instance.datastoreID, imageSetID: known.instance.imageSetID,
            storedTransferSyntax: .explicitVRLittleEndian)
        return PlannedFrame(
            instance: instance, frameNumber: number, imageFrameID: known.imageFrameID,
            checksum: ResolutionChecksum(width: 2, height: 2, crc32: CRC32.checksum(pixels)))
    }

    @Test("are replaced once for all frames, not once a frame")
    func once() async throws {
        let source = Source(keys: ["OLD", "NEW"])
        let service = Service(key: "NEW", body: Self.pixels)
        let pipeline = try Self.pipeline(service, source)
        let verified = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 1...300 {
                group.addTask { try await pipeline.process(Self.frame(number)).outcome.status == .verified }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        pipeline.workers.shutDown()
        #expect(verified == 300)
        #expect(source.looks.value == 2, "one look at the start and one renewal")
        #expect((1...64).contains(service.refusals.value), "only what was in flight was refused")
    }

    @Test("in whose place there are no others are looked for once, and end in the service's refusal")
    func noOthers() async throws {
        let source = Source(keys: ["OLD"])
        let pipeline = try Self.pipeline(Service(key: "NEW", body: Self.pixels), source)
        for number in 1...20 {
            let result = try await pipeline.process(Self.frame(number))
            #expect(result.outcome.status == .failed)
            #expect((result.error as? ServiceError)?.kind == .credentials)
        }
        pipeline.workers.shutDown()
        #expect(source.looks.value == 2)
    }

    @Test("of a call for metadata are replaced too")
    func calls() async throws {
        let source = Source(keys: ["OLD", "NEW"])
        let service = Service(key: "NEW", body: Array(#"{"datastoreSummaries":[]}"#.utf8))
        let client = HealthImagingClient(transport: service, settings: try Self.settings(source))
        #expect(try await client.datastores().isEmpty)
        #expect(source.looks.value == 2)
    }

    @Test("are told from the new ones by who signed: an old refusal does not cast out new keys")
    func lateRefusal() async throws {
        let chain = CredentialsChain([Source(keys: ["A", "B", "C"])])
        let first = try #require(try await chain.credentials())
        #expect(try await chain.credentials(insteadOf: first)?.accessKeyID == "B")
        #expect(try await chain.credentials(insteadOf: first)?.accessKeyID == "B")
        #expect(try await chain.credentials()?.accessKeyID == "B")
    }

    @Test("of the credentials file are read from it again")
    func file() async throws {
        let home = try AWSSettingsTests.Home(credentials: CredentialsTests.files)
        let configuration = try AWSConfiguration(profile: nil, environment: ["HOME": home.path])
        let calls = ServiceCalls(
            endpoints: try ServiceEndpoints(options: .init(), configuration: configuration),
            transports: CredentialsTransports(ScriptedTransport([])))
        let services = CredentialsServices(
            transports: calls.transports, roles: calls, singleSignOn: calls)
        let profile = ProfileCredentials(configuration: configuration, services: services)
        let provider = CredentialsChain([profile], pause: .zero)
        let old = try #require(try await provider.credentials())
        #expect(try await provider.credentials(insteadOf: old) == nil)
        let renewed = CredentialsTests.files.replacing("FILEKEY", with: "RENEWED")
        try renewed.write(toFile: "\(home.path)/.aws/credentials", atomically: true, encoding: .utf8)
        #expect(try await provider.credentials(insteadOf: old)?.accessKeyID == "RENEWED")
        #expect(try await provider.credentials()?.accessKeyID == "RENEWED")
    }
}
