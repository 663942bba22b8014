import Foundation
import FrameEngine
import NIOSSL
import Testing
import X509

@testable import LocalImaging

@Suite("The local server")
struct LocalServerTests {
    private let temporary: TemporaryStore

    init() throws { temporary = try TemporaryStore() }

    /// Runs a server on a free port for as long as `body` takes, and expects it to end in good order.
    private func withServer(
        _ change: (inout LocalServerConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (LocalServerAddress) async throws -> Void
    ) async throws {
        var configuration = LocalServerConfiguration(store: temporary.store)
        change(&configuration)
        try await configuration.serving(body)
    }

    private func get(_ target: String, headers: String = "") -> String {
        "GET \(target) HTTP/1.1\r\nHost: some.other.example\r\nConnection: close\r\n\(headers)\r\n"
    }

    @Test("it tells the port it got, answers any Host, and ends when its task is cancelled")
    func answers() async throws {
        let request = get("/datastore")
        try await withServer { address in
            #expect(address.port > 0)
            #expect(address.url == "http://127.0.0.1:\(address.port)")
            let answer = try await RawClient.send(request, to: address.port)
            #expect(answer.status == 200)
            #expect(answer.head.contains("x-amzn-requestid: "))
            #expect(String(decoding: answer.body, as: UTF8.self) == #"{"datastoreSummaries":[]}"#)
        }
    }

    @Test("a port in use is an error of its own")
    func portInUse() async throws {
        let store = temporary.store
        try await withServer { address in
            var configuration = LocalServerConfiguration(store: store)
            configuration.port = address.port
            let second = try LocalServer(configuration: configuration)
            await #expect(throws: LocalServerError.portInUse(host: "127.0.0.1", port: address.port)) {
                try await second.run()
            }
        }
    }

    @Test("an address that is not this machine's cannot be bound")
    func foreignAddress() async throws {
        var configuration = LocalServerConfiguration(store: temporary.store)
        configuration.host = "192.0.2.1"
        let server = try LocalServer(configuration: configuration)
        await #expect(
            throws: LocalServerError.cannotBind(host: "192.0.2.1", port: 0, errno: EADDRNOTAVAIL)
        ) {
            try await server.run()
        }
    }

    @Test("an unsigned request is refused where credentials are set")
    func unsigned() async throws {
        let request = get("/datastore")
        try await withServer {
            $0.credentials = [AWSCredentials(accessKeyID: "K", secretAccessKey: "S")]
        } _: { address in
            let answer = try await RawClient.send(request, to: address.port)
            #expect(answer.status == 403)
            #expect(answer.head.contains("x-amzn-errortype: missingauthenticationtokenexception"))
        }
    }

    @Test("a body over the limit is refused and a malformed request line does no harm")
    func bounds() async throws {
        let request = get("/datastore")
        try await withServer {
            $0.requestBodyLimitInBytes = 1000
        } _: { address in
            let large =
                "POST /datastore HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1001\r\n\r\n"
            let answer = try await RawClient.send(
                large, body: [UInt8](repeating: 0x20, count: 1001), to: address.port)
            #expect(answer.status == 413)
            _ = try? await RawClient.send("NONSENSE\r\n\r\n", to: address.port)
            let after = try await RawClient.send(request, to: address.port)
            #expect(after.status == 200)
        }
    }

    @Test("a frame of many pieces arrives whole")
    func streamedFrame() async throws {
        let datastore = try temporary.store.createDatastore(name: "one").id
        let content = (0..<3 * FileStream.pieceInBytes + 77).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let id = HealthImagingID.random()
        let writer = try temporary.store.beginImageSet(datastoreID: datastore)
        try writer.add(id: id, bytes: content)
        try writer.commit(metadata: [], tags: DICOMTags())
        let body = Array(#"{"imageFrameId":"\#(id)"}"#.utf8)
        let request =
            "POST /datastore/\(datastore)/imageSet/\(writer.imageSetID)/getImageFrame HTTP/1.1\r\n"
            + "Host: h\r\nConnection: close\r\nContent-Length: \(body.count)\r\n\r\n"
        try await withServer { address in
            let answer = try await RawClient.send(request, body: body, to: address.port)
            #expect(answer.status == 200)
            #expect(answer.head.contains("content-length: \(content.count)"))
            #expect(answer.body == content)
        }
    }

    @Test("the certificate authority is made once, and its keys are the owner's alone")
    func certificates() throws {
        var configuration = LocalServerConfiguration(store: temporary.store)
        configuration.usesTLS = true
        let first = try #require(try LocalServer(configuration: configuration).caCertificatePath)
        let authority = try String(contentsOfFile: first, encoding: .utf8)
        let second = try #require(try LocalServer(configuration: configuration).caCertificatePath)
        #expect(first == second)
        #expect(try String(contentsOfFile: second, encoding: .utf8) == authority)
        for name in ["ca-key.pem", "server-key.pem"] {
            let path = temporary.path + "/tls/" + name
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test("a server certificate that nears its end is renewed under the same authority")
    func renewal() throws {
        let authority = CertificateAuthority(store: temporary.store)
        let path = temporary.path + "/tls/server.pem"
        _ = try authority.serverConfiguration()
        let first = try Certificate(pemEncoded: String(contentsOfFile: path, encoding: .utf8))
        _ = try authority.serverConfiguration(at: first.notValidAfter - 31 * 86_400)
        #expect(try Certificate(pemEncoded: String(contentsOfFile: path, encoding: .utf8)) == first)
        _ = try authority.serverConfiguration(at: first.notValidAfter - 29 * 86_400)
        let second = try Certificate(pemEncoded: String(contentsOfFile: path, encoding: .utf8))
        #expect(second.notValidAfter > first.notValidAfter)
        let issuer = try Certificate(
            pemEncoded: String(contentsOfFile: authority.certificatePath, encoding: .utf8))
        #expect(issuer.publicKey.isValidSignature(second.signature, for: second))
    }

    @Test("damaged certificates are an error that says which folder to remove")
    func damagedCertificates() throws {
        var configuration = LocalServerConfiguration(store: temporary.store)
        configuration.usesTLS = true
        _ = try LocalServer(configuration: configuration)
        let folder = temporary.path + "/tls"
        try Data("rubbish".utf8).write(to: URL(filePath: folder + "/ca.pem"))
        do {
            _ = try LocalServer(configuration: configuration)
            Issue.record("a damaged authority must not be used")
        } catch {
            #expect(error.code == "certificates")
            #expect(error.message.contains(folder))
        }
    }
}
