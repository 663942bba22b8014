import Foundation
import Synchronization

@testable import FrameEngine

/// An HTTP/1.1 server on 127.0.0.1 that does what the path asks for, faults included. One thread a connection.
///
/// ```
/// /bytes/N     N patterned bytes with Content-Length      /chunked/N   the same, chunked
/// /short/N     announces N, sends half, closes            /reset/N     announces N, sends half, resets
/// /stall/N     announces N, sends half, then nothing      /silent      never answers
/// /drip/N      N bytes, one at a time                     /close       closes without an answer
/// /head/N      N header fields of 1,000 bytes             /echo        what came, as the body
/// /interim     103 before the 200                         /redirect    302 to /bytes/1
/// /status/N    that status, with a body                   /foreign/N   N, whatever it is, in place of HTTP
/// ```
final class LoopbackServer: Sendable {
    struct Incoming: Sendable {
        var path: String
        /// Request line and fields as received.
        var head: String
        var body: [UInt8]

        var method: String { head.split(separator: " ").first.map(String.init) ?? "" }

        /// The value of a field; nil where the request has none of that name.
        func field(_ name: String) -> String? {
            let lines = head.split(separator: "\r\n").dropFirst()
            let line = lines.first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
            return line.map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
        }
    }

    /// What a handler answers.
    struct Reply: Sendable {
        var status = 200
        var fields: [HTTPField] = []
        var body: [UInt8] = []

        static func text(_ text: String, status: Int = 200) -> Reply {
            Reply(status: status, body: Array(text.utf8))
        }
    }

    private struct State {
        var open: Set<Int32> = []
        var isStopped = false
    }

    let port: Int
    /// The path of every request, as it comes in.
    let requests: AsyncStream<String>
    private let reported: AsyncStream<String>.Continuation
    private let listener: Int32
    private let state = Mutex(State())
    private let accepted = Atomic<Int>(0)
    /// Answers in place of the paths above; nil leaves a request without an answer until the client goes.
    private let handler: (@Sendable (Incoming) -> Reply?)?

    var connectionsAccepted: Int { accepted.load(ordering: .sequentiallyConsistent) }

    init(handler: (@Sendable (Incoming) -> Reply?)? = nil) throws {
        self.handler = handler
        (requests, reported) = AsyncStream.makeStream()
        (listener, port) = try Self.listen()
        Thread.detachNewThread { [self] in acceptAll() }
    }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    /// Closes the door and every connection.
    func stop() {
        state.withLock { state in
            guard !state.isStopped else { return }
            state.isStopped = true
            shutdown(listener, Int32(SHUT_RDWR))
            for socket in state.open { shutdown(socket, Int32(SHUT_RDWR)) }
        }
        reported.finish()
    }

    /// The longest pattern so far: a shorter one is its beginning.
    private static let made = Mutex<[UInt8]>([])

    /// The bytes that `/bytes/N` and its like send.
    static func pattern(_ count: Int) -> [UInt8] {
        made.withLock { made in
            if made.count < count {
                made.reserveCapacity(count)
                for index in made.count..<count {
                    made.append(UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8))
                }
            }
            return Array(made.prefix(count))
        }
    }

    /// A port of 127.0.0.1 that was free a moment ago.
    static func freePort() throws -> Int {
        let (socket, port) = try listen()
        close(socket)
        return port
    }

    private static func listen() throws -> (Int32, Int) {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(socket, raw, length) == 0 && Glibc.listen(socket, 512) == 0
                    && getsockname(socket, raw, &length) == 0
            }
        }
        guard status else { throw POSIXError(.EADDRNOTAVAIL) }
        return (socket, Int(UInt16(bigEndian: address.sin_port)))
    }

    private func acceptAll() {
        while true {
            let socket = accept(listener, nil, nil)
            guard socket >= 0 else { break }
            accepted.add(1, ordering: .sequentiallyConsistent)
            let isWelcome = state.withLock { state in
                if !state.isStopped { state.open.insert(socket) }
                return !state.isStopped
            }
            guard isWelcome else {
                close(socket)
                break
            }
            Thread.detachNewThread { [self] in
                serve(Connection(socket: socket))
                state.withLock { state in
                    state.open.remove(socket)
                    close(socket)
                }
            }
        }
        close(listener)
    }

    private func serve(_ connection: Connection) {
        while let incoming = connection.receive() {
            reported.yield(incoming.path)
            guard answer(incoming, connection) else { return }
        }
    }

    /// Answers one request. False when the connection is to be closed.
    private func answer(_ incoming: Incoming, _ connection: Connection) -> Bool {
        if let handler {
            guard let reply = handler(incoming) else { return connection.waitForClose() }
            let fields = reply.fields.map { "\($0.name): \($0.value)\r\n" }.joined()
            return connection.send(
                "HTTP/1.1 \(reply.status) Word\r\n\(fields)Content-Length: \(reply.body.count)\r\n\r\n",
                reply.body)
        }
        let parts = incoming.path.prefix { $0 != "?" }.split(separator: "/")
        let count = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let body = Self.pattern(count)
        let announced = "HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n"
        switch parts.first {
        case "bytes":
            return connection.send(announced, body)
        case "chunked":
            return sendChunked(body, connection)
        case "short":
            _ = connection.send(announced, Array(body.prefix(count / 2)))
            return false
        case "reset":
            _ = connection.send(announced, Array(body.prefix(count / 2)))
            connection.resetOnClose()
            return false
        case "stall":
            _ = connection.send(announced, Array(body.prefix(count / 2)))
            return connection.waitForClose()
        case "silent":
            return connection.waitForClose()
        case "drip":
            return connection.send(announced, []) && body.allSatisfy { connection.send("", [$0]) && pause() }
        case "head":
            let field = String(repeating: "v", count: 996)
            let fields = (0..<count).map { _ in "X: \(field)\r\n" }.joined()
            return connection.send("HTTP/1.1 200 OK\r\n\(fields)Content-Length: 0\r\n\r\n", [])
        case "echo":
            let echo = Array(incoming.head.utf8) + incoming.body
            return connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(echo.count)\r\n\r\n", echo)
        case "interim":
            let interim = "HTTP/1.1 103 Early Hints\r\nLink: early\r\n\r\n"
            return connection.send(
                interim + "HTTP/1.1 200 OK\r\nX-Last: yes\r\nContent-Length: 2\r\n\r\nok", [])
        case "redirect":
            return connection.send(
                "HTTP/1.1 302 Found\r\nLocation: /bytes/1\r\nContent-Length: 0\r\n\r\n", [])
        case "status":
            return connection.send(
                "HTTP/1.1 \(count) Word\r\nX-Kind: fault\r\nContent-Length: 4\r\n\r\nbody", [])
        case "foreign":
            let answers = [
                String(repeating: "\u{7f}no HTTP\n", count: 500), "HTTP/1.1 abc nope\r\n\r\n",
                "SSH-2.0-x\r\n",
            ]
            _ = connection.send(answers[count % answers.count], [])
            return false
        default:
            return false
        }
    }

    private func pause() -> Bool {
        usleep(2000)
        return true
    }

    private func sendChunked(_ body: [UInt8], _ connection: Connection) -> Bool {
        guard connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", []) else {
            return false
        }
        var rest = body[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(5000))
            rest = rest.dropFirst(5000)
            guard connection.send(String(piece.count, radix: 16) + "\r\n", piece + Array("\r\n".utf8)) else {
                return false
            }
        }
        return connection.send("0\r\nX-Trailer: late\r\n\r\n", [])
    }
}

/// One accepted socket, on its own thread.
private final class Connection {
    private let socket: Int32
    private var pending: [UInt8] = []

    init(socket: Int32) { self.socket = socket }

    /// The next request, or nil when the client has gone.
    func receive() -> LoopbackServer.Incoming? {
        let blank = Array("\r\n\r\n".utf8)
        while true {
            if let end = pending.indices.first(where: { pending[$0...].starts(with: blank) }) {
                let head = String(decoding: pending[..<(end + 4)], as: UTF8.self)
                pending.removeFirst(end + 4)
                let lengthLine = head.lowercased().split(separator: "\r\n").first {
                    $0.hasPrefix("content-length:")
                }
                let length =
                    lengthLine.flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
                while pending.count < length {
                    guard fill() else { return nil }
                }
                let body = Array(pending.prefix(length))
                pending.removeFirst(length)
                let path = head.split(separator: " ").dropFirst().first.map(String.init) ?? ""
                return LoopbackServer.Incoming(path: path, head: head, body: body)
            }
            guard fill() else { return nil }
        }
    }

    private func fill() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16384)
        let count = recv(socket, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        pending += buffer.prefix(count)
        return true
    }

    func send(_ head: String, _ body: [UInt8]) -> Bool {
        let bytes = Array(head.utf8) + body
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                Glibc.send(
                    socket, raw.baseAddress.map { $0 + sent }, raw.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Blocks until the client closes. Always false: the connection is over then.
    func waitForClose() -> Bool {
        while fill() {}
        return false
    }

    /// Makes the coming close a TCP reset.
    func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }
}
