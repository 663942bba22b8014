import Foundation
import NIOCore
import NIOHTTP2
import NIOSSL

/// Ways of ending a connection that a server in good order never takes.
extension Channel {
    /// Whether this is one stream of an HTTP/2 connection. A connection's parent is the listening socket.
    var isStream: Bool { parent?.parent != nil }

    /// The TCP connection that this belongs to.
    var connection: any Channel {
        guard isStream, let parent else { return self }
        return parent
    }

    /// Closes the connection without TLS's farewell, all of its streams included.
    ///
    /// - Parameter byReset: the peer gets an RST in place of a FIN (SO_LINGER of 0 seconds).
    func cutConnection(byReset: Bool) async {
        let connection = connection
        try? await connection.eventLoop.submit {
            if byReset, let socket = connection as? any SocketOptionProvider {
                _ = socket.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            }
            let pipeline = connection.pipeline.syncOperations
            if let context = try? pipeline.context(handlerType: NIOSSLServerHandler.self) {
                context.close(promise: nil)
            } else {
                connection.close(promise: nil)
            }
        }.get()
    }

    /// Tells the client of this stream's connection to go elsewhere, with this request and all later ones: GOAWAY with
    /// the id of the request before (RFC 9113, 6.8). Requests before it are still answered.
    func refuseByGoaway() async {
        guard let id = try? await getOption(HTTP2StreamChannelOptions.streamID).get() else { return }
        // Clients' streams have odd numbers.
        let last = HTTP2StreamID(max(0, Int(id) - 2))
        let frame = HTTP2Frame(
            streamID: .rootStream, payload: .goAway(lastStreamID: last, errorCode: .noError, opaqueData: nil))
        try? await connection.writeAndFlush(frame).get()
        close(promise: nil)
    }
}

/// Closes the connection as soon as the client closes its side: without it, an answer that stands still would never
/// notice that nobody waits for it any more.
final class HangUpHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}
