import Foundation

/// One HTTP/1.1 request over a plain socket, whatever it contains: what a well-behaved client cannot send.
enum RawClient {
    struct Answer {
        let status: Int
        let head: String
        let body: [UInt8]
        /// Whether the connection ended with an RST.
        var wasReset = false
    }

    /// Sends `request` to 127.0.0.1 and reads until the server closes.
    ///
    /// - Throws: `EBADMSG` where the answer ends before its header does.
    static func send(_ request: String, body: [UInt8] = [], to port: Int) async throws -> Answer {
        try await withCheckedThrowingContinuation { continuation in
            // Not on the cooperative threads: the server in this process needs them to answer.
            DispatchQueue.global().async {
                continuation.resume(with: Result { try exchange(request, body: body, port: port) })
            }
        }
    }

    private static func exchange(_ request: String, body: [UInt8], port: Int) throws -> Answer {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        var pending = Array(request.utf8) + body
        while !pending.isEmpty {
            // The server may refuse and close before it has read everything.
            let sent = Foundation.send(descriptor, pending, pending.count, Int32(MSG_NOSIGNAL))
            if sent <= 0 { break }
            pending.removeFirst(sent)
        }
        var received: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        var wasReset = false
        while true {
            let got = recv(descriptor, &chunk, chunk.count, 0)
            if got < 0 { wasReset = errno == ECONNRESET }
            if got <= 0 { break }
            received += chunk[..<got]
        }
        var answer = try answer(received)
        answer.wasReset = wasReset
        return answer
    }

    private static func answer(_ received: [UInt8]) throws -> Answer {
        let end = Array("\r\n\r\n".utf8)
        guard let split = received.indices.first(where: { received[$0...].starts(with: end) }) else {
            throw POSIXError(.EBADMSG)
        }
        let head = String(decoding: received[..<split], as: UTF8.self)
        let status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return Answer(status: status ?? 0, head: head.lowercased(), body: Array(received[(split + 4)...]))
    }
}
