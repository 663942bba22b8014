import Foundation
import FrameEngine
import Hummingbird
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// A HealthImaging-compatible server for one machine, over an `ImageSetStore`, with the parts of S3, CloudFormation and
/// STS that belong to it.
///
/// It answers any Host header and serves every plane of every API on one port: the signature names the service, and
/// without one the path does. Image sets that other
/// processes commit to the store, or delete from it, are served from the next request on.
public struct LocalServer: Sendable {
    private let configuration: LocalServerConfiguration
    private let tls: TLSConfiguration?
    private let injector: FaultInjector?
    private let services: LocalServices

    /// The certificate (PEM) that clients must trust; nil without TLS.
    public let caCertificatePath: String?

    /// How long requests in flight may go on after `run` is cancelled.
    static let gracePeriod = Duration.seconds(5)

    /// Opens the store's buckets and stacks and the log of faults, and reads or makes the certificates where TLS is
    /// wanted. Nothing listens before `run`.
    public init(configuration: LocalServerConfiguration) throws(LocalServerError) {
        self.configuration = configuration
        services = try LocalServices(configuration)
        if let plan = configuration.faults {
            var log: FaultLog?
            if let path = configuration.faultLogPath { log = try FaultLog(path: path) }
            injector = FaultInjector(plan, log: log)
        } else {
            injector = nil
        }
        if configuration.usesTLS {
            let authority = CertificateAuthority(store: configuration.store)
            tls = try authority.serverConfiguration()
            caCertificatePath = authority.certificatePath
        } else {
            tls = nil
            caCertificatePath = nil
        }
    }

    /// The faults that were injected so far; nil where there is no plan. Any thread.
    public var injectedFaults: InjectedFaults? { injector?.injected }

    /// Serves until the task is cancelled, then lets requests in flight end and returns.
    ///
    /// - Parameter onReady: called once, when connections are accepted.
    /// - Throws: `LocalServerError` where the address cannot be bound.
    public func run(onReady: @escaping @Sendable (LocalServerAddress) async -> Void = { _ in }) async throws {
        Self.raiseFileLimit()
        let threads = NIOThreadPool(numberOfThreads: max(4, ProcessInfo.processInfo.activeProcessorCount))
        threads.start()
        services.stacks.resume()
        let jobs = Task { [services] in await services.jobs.run() }
        let result = await serve(threads: threads, onReady: onReady)
        jobs.cancel()
        await jobs.value
        try await threads.shutdownGracefully()
        try result.get()
    }

    private func serve(
        threads: NIOThreadPool, onReady: @escaping @Sendable (LocalServerAddress) async -> Void
    ) async -> Result<Void, any Error> {
        do {
            let responder = APIResponder(
                configuration: configuration, services: services, threads: threads)
            if let injector {
                let faulty = FaultyResponder(api: responder, injector: injector, store: configuration.store)
                try await runUntilCancelled(application(faulty, onReady: onReady))
            } else {
                try await runUntilCancelled(application(responder, onReady: onReady))
            }
            return .success(())
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            return .failure(LocalServerError.portInUse(host: configuration.host, port: configuration.port))
        } catch let error as IOError {
            return .failure(
                LocalServerError.cannotBind(
                    host: configuration.host, port: configuration.port, errno: error.errnoCode))
        } catch is SocketAddressError {
            return .failure(
                LocalServerError.cannotBind(
                    host: configuration.host, port: configuration.port, errno: EADDRNOTAVAIL))
        } catch {
            return .failure(error)
        }
    }

    private func application<Responder: HTTPResponder>(
        _ responder: Responder, onReady: @escaping @Sendable (LocalServerAddress) async -> Void
    ) throws -> Application<Responder>
    where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
        let configuration = configuration
        let scheme = tls == nil ? "http" : "https"
        let isFaulty = injector != nil
        let handlers: @Sendable () -> [any RemovableChannelHandler] = {
            [ContinueHandler()] + (isFaulty ? [HangUpHandler()] : [])
        }
        return Application(
            responder: responder,
            server: try tls.map {
                try .http2Upgrade(
                    tlsConfiguration: $0,
                    configuration: .init(streamConfiguration: .init(additionalChannelHandlers: handlers())))
            } ?? .http1(configuration: .init(additionalChannelHandlers: handlers())),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? configuration.port
                let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
                await onReady(
                    LocalServerAddress(
                        host: configuration.host, port: port, url: "\(scheme)://\(host):\(port)"))
            },
            logger: Self.silentLogger)
    }

    /// Cancelling the services themselves would cut requests short, so they run in a task of their own, which is told
    /// to wind down when this one is cancelled.
    private func runUntilCancelled(_ service: some Service) async throws {
        var settings = ServiceGroupConfiguration(services: [service], logger: Self.silentLogger)
        settings.maximumGracefulShutdownDuration = Self.gracePeriod
        let group = ServiceGroup(configuration: settings)
        let running = Task { try await group.run() }
        do {
            try await withTaskCancellationHandler {
                try await running.value
            } onCancel: {
                Task { await group.triggerGracefulShutdown() }
            }
        } catch is CancellationError where Task.isCancelled {
            // The grace period ran out: what was still open has been cut.
        }
    }

    private static let silentLogger = Logger(label: "hi-fetch.local") { _ in SwiftLogNoOpLogHandler() }

    /// A connection and a file each take a descriptor; the usual soft limit of 1024 is too small for many clients.
    private static func raiseFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
