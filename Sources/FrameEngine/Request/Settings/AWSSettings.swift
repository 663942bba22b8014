import Foundation

/// Everything that a request needs to know, resolved once: options before environment before `~/.aws` files.
///
/// The order is that of the AWS SDKs (AWS SDKs and Tools reference guide).
public struct AWSSettings: Sendable {
    /// What the command line says.
    public struct Options: Sendable {
        public var profile: String?
        public var region: String?
        /// One endpoint for all planes.
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
    }

    /// Resolves the settings. Missing credentials are no error here: the first request that needs them says so.
    public init(
        options: Options = Options(), environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(SettingsError) {
        let configuration = try AWSConfiguration(profile: options.profile, environment: environment)
        let namedRegion =
            options.region ?? configuration.variable("AWS_REGION") ?? configuration.variable(
                "AWS_DEFAULT_REGION")
            ?? configuration.profileValue("region")
        if let namedRegion { try HealthImagingEndpoints.check(region: namedRegion) }
        let useFIPS =
            if let choice = options.useFIPS { choice } else {
                try configuration.flag(variable: "AWS_USE_FIPS_ENDPOINT", profileKey: "use_fips_endpoint")
            }
        let useDualStack =
            if let choice = options.useDualStack { choice } else {
                try configuration.flag(
                    variable: "AWS_USE_DUALSTACK_ENDPOINT", profileKey: "use_dualstack_endpoint")
            }

        if let url = try Self.customEndpoint(options: options, configuration) {
            guard !useFIPS, !useDualStack else {
                throw SettingsError(
                    .endpointVariant,
                    "FIPS or dual stack cannot be asked for together with a custom endpoint; drop one of them"
                )
            }
            endpoints = try HealthImagingEndpoints(custom: url)
            region = namedRegion ?? Self.regionOfCustomEndpoints
        } else {
            guard let namedRegion else {
                throw SettingsError(
                    .noRegion,
                    "no AWS region; give --region, set AWS_REGION, or put region into profile "
                        + "'\(configuration.profileName)'")
            }
            endpoints = try HealthImagingEndpoints(
                region: namedRegion, useFIPS: useFIPS, useDualStack: useDualStack)
            region = namedRegion
        }
        credentials =
            options.noSignRequest
            ? UnsignedRequests() : CredentialsChain(standardFor: configuration)
        caBundlePath =
            options.caBundle ?? configuration.variable("AWS_CA_BUNDLE")
            ?? configuration.profileValue("ca_bundle")
    }

    private static func customEndpoint(
        options: Options, _ configuration: AWSConfiguration
    ) throws(SettingsError) -> String? {
        if let url = options.endpointURL { return url }
        let ignoresConfigured = try configuration.flag(
            variable: "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", profileKey: "ignore_configured_endpoint_urls")
        if ignoresConfigured { return nil }
        return configuration.variable("AWS_ENDPOINT_URL_MEDICAL_IMAGING")
            ?? configuration.variable("AWS_ENDPOINT_URL")
            ?? configuration.serviceEndpoint("medical_imaging")
            ?? configuration.profileValue("endpoint_url")
    }
}
