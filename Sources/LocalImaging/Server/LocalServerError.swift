import Foundation

/// Why the local server did not start or stopped.
public enum LocalServerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Another program listens there.
    case portInUse(host: String, port: Int)
    /// The address cannot be bound: not this machine's, or not permitted.
    case cannotBind(host: String, port: Int, errno: Int32)
    /// The certificate authority below the store cannot be read or made.
    case certificates(path: String, reason: String)

    /// The log of injected faults cannot be written.
    case faultLog(path: String, errno: Int32)

    /// What lies beside the data stores, buckets and stacks, cannot be opened.
    case store(StoreError)

    /// A short stable word for machines.
    public var code: String {
        switch self {
        case .store(let error): error.code
        case .portInUse: "port-in-use"
        case .cannotBind(_, _, let errno), .faultLog(_, let errno): "errno-\(errno)"
        case .certificates: "certificates"
        }
    }

    /// One line: what, where, and what to do.
    public var message: String {
        switch self {
        case .portInUse(let host, let port):
            "port \(port) of \(host) is in use; choose another, or 0 for any free one"
        case .cannotBind(let host, let port, let errno):
            "cannot listen on \(host) port \(port): \(String(cString: strerror(errno)))"
        case .certificates(let path, let reason):
            "the server's certificates in \(path) cannot be used: \(reason); "
                + "remove that folder to have new ones made"
        case .store(let error): error.message
        case .faultLog(let path, let errno):
            "cannot write the log of faults \(path): \(String(cString: strerror(errno)))"
        }
    }

    public var description: String { message }
}
