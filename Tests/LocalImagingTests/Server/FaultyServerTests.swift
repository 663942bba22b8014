import Foundation
import FrameEngine
import Testing

@testable import LocalImaging

@Suite("A server with faults, over the wire")
struct FaultyServerTests {
    private let temporary: TemporaryStore
    private let datastore: HealthImagingID
    private let imageSet: HealthImagingID
    private let frames: [HealthImagingID]
    private static let size = 5000

    init() throws {
        temporary = try TemporaryStore()
        datastore = try temporary.store.createDatastore(name: "one").id
        frames = (0..<3).map { _ in HealthImagingID.random() }
        let writer = try temporary.store.beginImageSet(datastoreID: datastore)
        for (number, frame) in frames.enumerated() { try writer.add(id: frame, bytes: Self.content(number)) }
        try writer.commit(metadata: Array("{}".utf8), tags: DICOMTags())
        imageSet = writer.imageSetID
    }

    private static func content(_ number: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ number) }
    }

    /// What a request for a frame is answered by a server with these faults.
    private func answers(
        _ faults: String, frames count: Int = 1, action: String = "getImageFrame"
    ) async throws -> [RawClient.Answer] {
        var configuration = LocalServerConfiguration(store: temporary.store)
        configuration.faults = try FaultPlan(parsing: faults)
        let frames = frames.prefix(count)
        let path = "/datastore/\(datastore)/imageSet/\(imageSet)/\(action)"
        let (answers, give) = AsyncStream.makeStream(of: RawClient.Answer.self)
        try await configuration.serving { address in
            for frame in frames {
                let body = Array(#"{"imageFrameId":"\#(frame)"}"#.utf8)
                let head =
                    "POST \(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: \(body.count)\r\n\r\n"
                give.yield(try await RawClient.send(head, body: body, to: address.port))
            }
        }
        give.finish()
        return await answers.reduce(into: []) { $0.append($1) }
    }

    private func answer(_ faults: String, action: String = "getImageFrame") async throws -> RawClient.Answer {
        try #require(try await answers(faults, action: action).first)
    }

    @Test(
        "errors have the service's form",
        arguments: [
            ("429", 429, "throttlingexception"), ("500", 500, "internalserverexception"),
            ("503", 503, "serviceunavailableexception"), ("403", 403, "expiredtokenexception"),
            ("404", 404, "resourcenotfoundexception"), ("quota", 429, "throttlingexception"),
        ])
    func errors(_ fault: String, _ status: Int, _ type: String) async throws {
        let spec = fault == "quota" ? "quota=0.1/s" : "\(fault)=1"
        let answer = try #require(try await answers(spec, frames: 2).last)
        #expect(answer.status == status)
        #expect(answer.head.contains("x-amzn-errortype: \(type)"))
        #expect(!answer.head.contains("retry-after"))
        let body = try JSONDecoder().decode([String: String].self, from: Data(answer.body))
        #expect(body["message"]?.isEmpty == false)
    }

    @Test("Retry-After is drawn from its range, in whole seconds")
    func retryAfter() async throws {
        let answer = try await answer("503=1:2-3s")
        #expect(answer.head.contains("retry-after: 2") || answer.head.contains("retry-after: 3"))
    }

    @Test("a truncated body is announced in full, and is the beginning of the right one")
    func truncate() async throws {
        let answer = try await answer("truncate=1,seed=3")
        #expect(answer.status == 200)
        #expect(answer.head.contains("content-length: \(Self.size)"))
        #expect(answer.body.count < Self.size && Self.content(0).starts(with: answer.body))
    }

    @Test("a short body is announced as short as it is")
    func short() async throws {
        let answer = try await answer("short=1")
        #expect(answer.head.contains("content-length: \(answer.body.count)\r"))
        #expect(answer.body.count < Self.size && Self.content(0).starts(with: answer.body))
    }

    @Test("a reset is an RST and no orderly end")
    func reset() async throws {
        let answer = try await answer("reset=1")
        #expect(answer.wasReset)
        #expect(answer.head.contains("content-length: \(Self.size)"))
        #expect(Self.content(0).starts(with: answer.body))
        let orderly = try await self.answer("truncate=1")
        #expect(!orderly.wasReset)
    }

    @Test("a flip changes one bit and nothing else")
    func flip() async throws {
        let answer = try await answer("flip=1,seed=5")
        #expect(answer.body.count == Self.size)
        let bits = zip(answer.body, Self.content(0)).map { ($0 ^ $1).nonzeroBitCount }
        #expect(bits.reduce(0, +) == 1)
    }

    @Test("a wrong body is another frame's")
    func wrong() async throws {
        let answer = try await answer("wrong=1")
        #expect(answer.status == 200)
        #expect([Self.content(1), Self.content(2)].contains(answer.body))
    }

    @Test("a page of HTML comes with status 200")
    func html() async throws {
        let answer = try await answer("html=1")
        #expect(answer.status == 200)
        #expect(answer.head.contains("content-type: text/html"))
        #expect(String(decoding: answer.body, as: UTF8.self).hasPrefix("<!DOCTYPE html>"))
    }

    @Test("a slow body is whole")
    func drip() async throws {
        #expect(try await answer("drip=1:50KB/s").body == Self.content(0))
    }

    @Test("a connection that closes, or goes away, gives no answer", arguments: ["close=1", "goaway=1"])
    func close(_ spec: String) async throws {
        await #expect(throws: POSIXError.self) { try await answer(spec) }
    }

    @Test("operations that are not concerned are answered as ever")
    func scope() async throws {
        #expect(try await answer("500=1", action: "getImageSet").status == 200)
        #expect(try await answer("500=1,on=metadata").status == 200)
        #expect(try await answer("500=1,on=metadata", action: "getImageSetMetadata").status == 500)
        #expect(try await answer("500=1,on=all", action: "getImageSet").status == 500)
    }

    @Test("a frame that is not there is 404, whatever the fault")
    func absent() async throws {
        #expect(try await answer("flip=1", action: "getImageFrame?x=1").status == 200)
        let other = try TemporaryStore()
        var configuration = LocalServerConfiguration(store: other.store)
        configuration.faults = try FaultPlan(parsing: "flip=1,repeat=always")
        let path = "/datastore/\(datastore)/imageSet/\(imageSet)/getImageFrame"
        let body = Array(#"{"imageFrameId":"\#(frames[0])"}"#.utf8)
        try await configuration.serving { address in
            let head =
                "POST \(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: \(body.count)\r\n\r\n"
            let answer = try await RawClient.send(head, body: body, to: address.port)
            #expect(answer.status == 404)
        }
    }

    @Test("the counts are served, and tell what was injected")
    func counts() async throws {
        var configuration = LocalServerConfiguration(store: temporary.store)
        configuration.faults = try FaultPlan(parsing: "seed=11,404=1,repeat=1")
        let frame = frames[0]
        let path = "/datastore/\(datastore)/imageSet/\(imageSet)/getImageFrame"
        try await configuration.serving { address in
            let body = Array(#"{"imageFrameId":"\#(frame)"}"#.utf8)
            let head =
                "POST \(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: \(body.count)\r\n\r\n"
            #expect(try await RawClient.send(head, body: body, to: address.port).status == 404)
            #expect(try await RawClient.send(head, body: body, to: address.port).status == 200)
            let counts = try await RawClient.send(
                "GET /_faults HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", to: address.port)
            let injected = try JSONDecoder().decode(InjectedFaults.self, from: Data(counts.body))
            #expect(injected.seed == 11 && injected.requests == 2 && injected.faults == ["404": 1])
        }
    }

    @Test("a server without faults has no counts")
    func noCounts() async throws {
        try await LocalServerConfiguration(store: temporary.store).serving { address in
            let counts = try await RawClient.send(
                "GET /_faults HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", to: address.port)
            #expect(counts.status == 404)
        }
    }
}
