/// Finds each service's endpoint: the option, then variables and files, then AWS's own rules.
///
/// A value; it knows no credentials, so that a source of credentials may use it to find the service that it asks.
package struct ServiceEndpoints: Sendable {
    /// Who said where.
    private enum Source: Sendable {
        /// By hand: one URL for all services, or AWS's own.
        case fixed(url: String?)
        case configured(AWSConfiguration, option: String?)
    }

    private let source: Source
    /// Nil where nobody named one.
    private let namedRegion: String?
    private let useFIPS: Bool
    private let useDualStack: Bool

    /// - Throws: `SettingsError` for a region that is none, and for switches that are neither true nor false.
    init(options: AWSSettings.Options, configuration: AWSConfiguration) throws(SettingsError) {
        source = .configured(configuration, option: options.endpointURL)
        namedRegion =
            options.region ?? configuration.variable("AWS_REGION") ?? configuration.variable(
                "AWS_DEFAULT_REGION")
            ?? configuration.profileValue("region")
        if let namedRegion { try HealthImagingEndpoints.check(region: namedRegion) }
        useFIPS =
            if let choice = options.useFIPS { choice } else {
                try configuration.flag(variable: "AWS_USE_FIPS_ENDPOINT", profileKey: "use_fips_endpoint")
            }
        useDualStack =
            if let choice = options.useDualStack { choice } else {
                try configuration.flag(
                    variable: "AWS_USE_DUALSTACK_ENDPOINT", profileKey: "use_dualstack_endpoint")
            }
    }

    /// What goes with HealthImaging endpoints that were made by hand: the same URL, or the same variant of AWS's own.
    init(beside endpoints: HealthImagingEndpoints, region: String) {
        source = .fixed(url: endpoints.isCustom ? endpoints.control : nil)
        namedRegion = region
        useFIPS = endpoints.useFIPS
        useDualStack = endpoints.useDualStack
    }

    /// The region that requests are signed for: the one that was named, or what custom endpoints get.
    package var region: String { namedRegion ?? AWSSettings.regionOfCustomEndpoints }

    /// - Parameter other: a region in place of the settings' own, for a service that lives elsewhere.
    /// - Throws: `SettingsError`.
    package func resolve(
        _ service: AWSService, region other: String? = nil
    ) throws(SettingsError) -> AWSEndpoint {
        if let other { try HealthImagingEndpoints.check(region: other) }
        if let custom = try customURL(service) {
            guard !useFIPS, !useDualStack else {
                throw SettingsError(
                    .endpointVariant,
                    "FIPS or dual stack cannot be asked for together with a custom endpoint; drop one of them"
                )
            }
            return try AWSEndpoint(custom: custom, region: other ?? region)
        }
        guard let region = other ?? namedRegion else {
            var profile = ""
            if case .configured(let configuration, _) = source { profile = configuration.profileName }
            throw SettingsError(
                .noRegion,
                "no AWS region; give --region, set AWS_REGION, or put region into profile '\(profile)'")
        }
        return try AWSEndpoint(of: service, region: region, useFIPS: useFIPS, useDualStack: useDualStack)
    }

    /// The same as `resolve`, with an error inside the endpoint: whoever calls the service learns of it then.
    package func endpoint(for service: AWSService, region other: String? = nil) -> AWSEndpoint {
        do {
            return try resolve(service, region: other)
        } catch {
            return AWSEndpoint(problem: error, region: other ?? region)
        }
    }

    var variants: (useFIPS: Bool, useDualStack: Bool) { (useFIPS, useDualStack) }

    private func customURL(_ service: AWSService) throws(SettingsError) -> String? {
        switch source {
        case .fixed(let url):
            return url
        case .configured(let configuration, let option):
            if let option { return option }
            let ignoresConfigured = try configuration.flag(
                variable: "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", profileKey: "ignore_configured_endpoint_urls"
            )
            if ignoresConfigured { return nil }
            return configuration.variable(service.endpointVariable)
                ?? configuration.variable("AWS_ENDPOINT_URL")
                ?? configuration.serviceEndpoint(service.id)
                ?? configuration.profileValue("endpoint_url")
        }
    }
}
