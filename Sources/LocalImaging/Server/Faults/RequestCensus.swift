import NIOCore
import Synchronization

/// Counts the requests in progress, on each connection and on all. Any thread.
final class RequestCensus: Sendable {
    /// One request in progress; it ends when the last reference goes.
    final class Entry: Sendable {
        /// Requests in progress when this one came, itself included.
        let onConnection: Int
        let onAll: Int
        private let connection: ObjectIdentifier
        private let census: RequestCensus

        fileprivate init(
            onConnection: Int, onAll: Int, connection: ObjectIdentifier, census: RequestCensus
        ) {
            self.onConnection = onConnection
            self.onAll = onAll
            self.connection = connection
            self.census = census
        }

        deinit { census.leave(connection) }
    }

    private struct Counts {
        var connections: [ObjectIdentifier: Int] = [:]
        var all = 0
    }

    private let counts = Mutex(Counts())

    func enter(_ connection: any Channel) -> Entry {
        let id = ObjectIdentifier(connection)
        let (here, all) = counts.withLock { counts in
            counts.connections[id, default: 0] += 1
            counts.all += 1
            return (counts.connections[id, default: 0], counts.all)
        }
        return Entry(onConnection: here, onAll: all, connection: id, census: self)
    }

    private func leave(_ id: ObjectIdentifier) {
        counts.withLock { counts in
            counts.all -= 1
            let rest = counts.connections[id, default: 1] - 1
            counts.connections[id] = rest > 0 ? rest : nil
        }
    }
}
