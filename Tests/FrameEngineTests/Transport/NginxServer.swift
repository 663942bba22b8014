import Foundation

/// A real nginx with TLS and HTTP/2 on a free port of 127.0.0.1, with a certificate authority made for the test.
final class NginxServer {
    let port: Int
    let caPath: String
    private let folder: URL
    private let process: Process

    /// Why nginx tests cannot run here, or nil. Said aloud by the tests that are skipped for it.
    static let isMissing: Bool = {
        let isMissing = !FileManager.default.isExecutableFile(atPath: "/usr/sbin/nginx")
        if isMissing {
            print("SKIPPED: no /usr/sbin/nginx (Debian package nginx-light): TLS and HTTP/2 not tested")
        }
        return isMissing
    }()

    /// Serves `/frame` (`frame`), and `/slow` (the same at 20 KB/s).
    init(frame: [UInt8]) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "hi-fetch-nginx-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // The workers run as another user where the test runs as root.
        chmod(folder.path, 0o755)
        try Data(frame).write(to: folder.appending(path: "frame"))
        try Data(frame).write(to: folder.appending(path: "slow"))
        caPath = folder.appending(path: "ca.pem").path
        try Self.makeCertificates(in: folder)
        port = try LoopbackServer.freePort()
        let configuration = """
            daemon off; master_process off; pid nginx.pid; error_log stderr crit;
            events { worker_connections 512; }
            http {
              access_log off; client_body_temp_path tmp1; proxy_temp_path tmp2; fastcgi_temp_path tmp3;
              uwsgi_temp_path tmp4; scgi_temp_path tmp5; keepalive_requests 100000;
              server {
                listen 127.0.0.1:\(port) ssl http2; ssl_certificate server.pem; ssl_certificate_key server.key;
                root \(folder.path);
                location /frame { }
                location /slow { limit_rate 20k; }
              }
            }
            """
        try Data(configuration.utf8).write(to: folder.appending(path: "nginx.conf"))
        process = Process()
        process.executableURL = URL(filePath: "/usr/sbin/nginx")
        process.arguments = ["-p", folder.path, "-c", folder.appending(path: "nginx.conf").path]
        try process.run()
        try waitUntilReachable()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)
    }

    func url(_ path: String) -> String { "https://127.0.0.1:\(port)\(path)" }

    /// Ends nginx at once, connections included.
    func stop() {
        guard process.isRunning else { return }
        // Not SIGTERM: a child inherits the signals that the test's worker threads block.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Freezes nginx: its connections stay open and fall silent.
    func pause() { kill(process.processIdentifier, SIGSTOP) }

    /// Thaws it again.
    func resume() { kill(process.processIdentifier, SIGCONT) }

    private func waitUntilReachable() throws {
        for _ in 0..<500 {
            let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(probe) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(UInt16(port).bigEndian)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            let status = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(probe, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if status == 0 { return }
            guard process.isRunning else { break }
            usleep(10_000)
        }
        throw POSIXError(.ECONNREFUSED)
    }

    private static func makeCertificates(in folder: URL) throws {
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        try openssl(
            ["req", "-x509"] + curve + ["-days", "2", "-subj", "/CN=hi-fetch test CA", "-keyout", "ca.key"]
                + ["-out", "ca.pem"], in: folder)
        try openssl(
            ["req"] + curve + ["-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.csr"],
            in: folder)
        try Data("subjectAltName=IP:127.0.0.1".utf8).write(to: folder.appending(path: "extensions"))
        try openssl(
            ["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"]
                + ["-days", "2", "-extfile", "extensions", "-out", "server.pem"], in: folder)
    }

    private static func openssl(_ arguments: [String], in folder: URL) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw POSIXError(.EINVAL) }
    }
}
