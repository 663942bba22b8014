/// What the providers send their own requests with.
///
/// Made when a provider first needs it, for that one search: nothing stays open between renewals, which are rare.
struct CredentialsTransports: Sendable {
    /// To the services that give credentials (STS, IAM Identity Center): the way that all requests go, with the proxies
    /// of the environment.
    var service: @Sendable () throws -> any HTTPTransport
    /// To what runs on or beside this machine (container and instance metadata): never through a proxy, which would
    /// learn the credentials.
    var metadata: @Sendable () throws -> any HTTPTransport

    init(
        service: @escaping @Sendable () throws -> any HTTPTransport,
        metadata: @escaping @Sendable () throws -> any HTTPTransport
    ) {
        self.service = service
        self.metadata = metadata
    }

    /// The same for both.
    init(_ transport: any HTTPTransport) {
        self.init(service: { transport }, metadata: { transport })
    }
}
