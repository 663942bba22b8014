import Foundation
import FrameEngine

/// How a local server runs.
public struct LocalServerConfiguration: Sendable {
    public var store: ImageSetStore
    /// The address to bind; this machine only unless the caller says otherwise.
    public var host = "127.0.0.1"
    /// 0 takes any free port; `onReady` tells which.
    public var port = 0
    /// HTTP/2 and HTTP/1.1 over TLS by ALPN, with a certificate of the store's own authority; else plain HTTP/1.1.
    public var usesTLS = false
    /// Who may sign requests. Empty: signatures are not asked for and not looked at.
    public var credentials: [AWSCredentials] = []
    /// The region that ARNs name. Signatures of any region are accepted.
    public var region = "us-east-1"
    /// The account that ARNs name: 12 digits.
    public var accountID = "123456789012"
    /// A larger request body is refused with 413.
    public var requestBodyLimitInBytes = 1 << 20

    /// Buckets that can be read beside the store's own, and not written to.
    package var builtInBuckets: [any ObjectSource] = []

    /// How long an image set shows as LOCKED while it is updated, copied or deleted, in seconds; 0 for not at all.
    public var imageSetLockSeconds = 0.25

    /// What goes wrong on purpose; nil for nothing.
    public var faults: FaultPlan?
    /// Where each injected fault is logged, one JSON line each, behind what is there; nil for nowhere.
    public var faultLogPath: String?

    /// Told of every request that fails through no fault of the client: one line. Called on any thread.
    public var onFailure: @Sendable (String) -> Void = { line in
        FileHandle.standardError.write(Data("hi-fetch: \(line)\n".utf8))
    }

    public init(store: ImageSetStore) { self.store = store }

    /// Whether nobody but this machine reaches the server.
    var isOfThisMachineOnly: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}

/// Where a server listens.
public struct LocalServerAddress: Sendable, Hashable {
    /// As bound.
    public let host: String
    public let port: Int
    /// What clients take as their endpoint: `http://127.0.0.1:8080`.
    public let url: String
}
