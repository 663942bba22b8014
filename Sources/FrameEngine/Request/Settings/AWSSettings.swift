/// Everything that a request needs to know, resolved once: options before environment before `~/.aws` files.
///
/// The order is that of the AWS SDKs (AWS SDKs and Tools reference guide).
public struct AWSSettings: Sendable {
    /// What the command line says.
    public struct Options: Sendable {
        public var profile: String?
        public var region: String?
        /// One endpoint for all services and planes.
        public var endpointURL: String?
        public var noSignRequest = false
        /// Nil: as the environment or the profile says.
        public var useFIPS: Bool?
        /// Nil: as the environment or the profile says.
        public var useDualStack: Bool?
        /// Path of a PEM file with certificate authorities.
        public var caBundle: String?

        public init(
            profile: String? = nil, region: String? = nil, endpointURL: String? = nil,
            noSignRequest: Bool = false, useFIPS: Bool? = nil, useDualStack: Bool? = nil,
            caBundle: String? = nil
        ) {
            self.profile = profile
            self.region = region
            self.endpointURL = endpointURL
            self.noSignRequest = noSignRequest
            self.useFIPS = useFIPS
            self.useDualStack = useDualStack
            self.caBundle = caBundle
        }
    }

    /// The region of the signature's scope.
    public let region: String
    public let endpoints: HealthImagingEndpoints
    public let credentials: any CredentialsProvider
    /// Path of a PEM file; nil for the system's authorities.
    public let caBundlePath: String?
    /// Where the other services are.
    package let services: ServiceEndpoints

    /// The region that signs requests to a custom endpoint when none is named.
    public static let regionOfCustomEndpoints = "us-east-1"

    /// Settings made by hand.
    public init(
        region: String, endpoints: HealthImagingEndpoints, credentials: any CredentialsProvider,
        caBundlePath: String? = nil
    ) {
        self.region = region
        self.endpoints = endpoints
        self.credentials = credentials
        self.caBundlePath = caBundlePath
        services = ServiceEndpoints(beside: endpoints, region: region)
    }

    /// The same settings with other credentials.
    package init(_ settings: AWSSettings, credentials: any CredentialsProvider) {
        region = settings.region
        endpoints = settings.endpoints
        caBundlePath = settings.caBundlePath
        services = settings.services
        self.credentials = credentials
    }

    /// Resolves the settings. Missing credentials are no error here: the first request that needs them says so.
    ///
    /// - Parameter transports: what the providers of credentials send their own requests with; gets `caBundlePath`.
    init(
        options: Options, environment: [String: String],
        transports: (_ caBundlePath: String?) -> CredentialsTransports
    ) throws(SettingsError) {
        let configuration = try AWSConfiguration(profile: options.profile, environment: environment)
        services = try ServiceEndpoints(options: options, configuration: configuration)
        let endpoint = try services.resolve(.healthImaging)
        endpoints = HealthImagingEndpoints(
            endpoint, useFIPS: services.variants.useFIPS, useDualStack: services.variants.useDualStack)
        region = endpoint.region
        caBundlePath =
            options.caBundle ?? configuration.variable("AWS_CA_BUNDLE")
            ?? configuration.profileValue("ca_bundle")
        guard !options.noSignRequest else {
            credentials = UnsignedRequests()
            return
        }
        var ownOptions = options
        ownOptions.endpointURL = nil
        let calls = ServiceCalls(
            endpoints: try ServiceEndpoints(options: ownOptions, configuration: configuration),
            transports: transports(caBundlePath))
        credentials = CredentialsChain(
            standardFor: configuration,
            services: CredentialsServices(transports: calls.transports, roles: calls, singleSignOn: calls))
    }

    /// Where `service` answers: an endpoint that was named for it or for all services, or AWS's own.
    ///
    /// Settings that do not go together for this service are the endpoint's `problem`.
    ///
    /// - Parameter other: a region in place of the settings' own, for what lives elsewhere (a bucket).
    package func endpoint(for service: AWSService, region other: String? = nil) -> AWSEndpoint {
        if service == .healthImaging, other == nil { return AWSEndpoint(endpoints, region: region) }
        return services.endpoint(for: service, region: other)
    }
}
