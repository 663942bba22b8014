#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A thread of our own that runs one function and can be waited for.
struct LoopThread: Sendable {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private let identity: pthread_t

    /// Starts `run` on a new thread with all signals blocked.
    ///
    /// Blocked, because the program's signals belong to its main thread, and because writing to a TLS connection
    /// that the peer has closed raises SIGPIPE, which curl leaves to us when CURLOPT_NOSIGNAL is set.
    init(_ run: @escaping @Sendable () -> Void) throws(TransportError) {
        let body = Unmanaged.passRetained(Body(run))
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        // The new thread inherits the mask, so there is no moment in which it could be hit.
        pthread_sigmask(SIG_SETMASK, &all, &before)
        var identity = pthread_t()
        let status = pthread_create(
            &identity, nil,
            { context in
                if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, body.toOpaque())
        pthread_sigmask(SIG_SETMASK, &before, nil)
        guard status == 0 else {
            body.release()
            throw .thread(status)
        }
        self.identity = identity
    }

    /// Waits until the thread has ended. Once only.
    func join() {
        pthread_join(identity, nil)
    }
}
