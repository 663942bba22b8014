/// Where a service answers, and the region that its requests are signed for.
package struct AWSEndpoint: Sendable, Equatable {
    /// Scheme, host, perhaps port and path; no slash at the end. Empty where there is a `problem`.
    package let url: String
    /// Whether somebody named the URL: then nothing is put before its host, and buckets go into the path.
    package let isCustom: Bool
    /// The region of the signature's scope.
    package let region: String
    /// Why nothing can be sent there: settings that contradict each other or cannot be read. Every call throws it.
    package let problem: SettingsError?

    /// The service's own endpoint in `region`, as AWS's endpoint rules make it.
    ///
    /// - Throws: `SettingsError` for what is no region, and for a variant that the partition does not have.
    package init(
        of service: AWSService, region: String, useFIPS: Bool = false, useDualStack: Bool = false
    ) throws(SettingsError) {
        try HealthImagingEndpoints.check(region: region)
        let partition = Partition(of: region)
        let host: String
        if service == .s3 {
            guard !(useFIPS && region.hasPrefix("cn-")) else {
                throw SettingsError(
                    .endpointVariant, "S3 has no FIPS endpoints in China; do not ask for FIPS")
            }
            let name = useFIPS ? "s3-fips" : "s3"
            host = "\(name).\(useDualStack ? "dualstack." : "")\(region).\(partition.suffix)"
        } else {
            // In GovCloud the plain endpoints of these are the FIPS ones.
            let areFIPSAnyway: [AWSService] = [.sts, .cloudFormation, .singleSignOn, .singleSignOnTokens]
            let isFIPSAnyway =
                region.hasPrefix("us-gov-") && !useDualStack && areFIPSAnyway.contains(service)
            let name = service.endpointPrefix + (useFIPS && !isFIPSAnyway ? "-fips" : "")
            host = "\(name).\(region).\(useDualStack ? partition.dualStackSuffix : partition.suffix)"
        }
        url = "https://\(host)"
        isCustom = false
        self.region = region
        problem = nil
    }

    /// An endpoint of one's own, taken as it is; it may have a port and a path.
    ///
    /// - Throws: `SettingsError` for what is not `http(s)://host[:port][/path]`. Nothing secret of it is repeated.
    package init(custom url: String, region: String) throws(SettingsError) {
        self.url = try Self.checked(customURL: url)
        isCustom = true
        self.region = region
        problem = nil
    }

    /// The control plane of `endpoints`; the runtime plane is the host prefix away.
    init(_ endpoints: HealthImagingEndpoints, region: String) {
        url = endpoints.control
        isCustom = endpoints.isCustom
        self.region = region
        problem = nil
    }

    /// No endpoint, and why.
    init(problem: SettingsError, region: String) {
        url = ""
        isCustom = false
        self.region = region
        self.problem = problem
    }

    /// The base URL of calls with this host prefix.
    package func url(hostPrefix: String) -> String {
        guard !hostPrefix.isEmpty, !isCustom, url.hasPrefix("https://") else { return url }
        return "https://\(hostPrefix)\(url.dropFirst("https://".count))"
    }

    /// `url` in its plain form, without a slash at the end.
    static func checked(customURL url: String) throws(SettingsError) -> String {
        let hasUserInfo = url.prefix { $0 != "?" && $0 != "#" }.contains("@")
        guard !hasUserInfo else {
            throw SettingsError(
                .invalidEndpoint, "the endpoint URL holds a user name or password; give it without them")
        }
        guard let parts = URLParts(url), parts.query == nil, !url.contains("#") else {
            throw SettingsError(
                .invalidEndpoint,
                "the endpoint URL\(place(of: url)) is not of the form http(s)://host[:port][/path]")
        }
        var path = Substring(parts.path)
        while path.hasSuffix("/") { path.removeLast() }
        return "\(parts.scheme)://\(parts.hostHeader)\(path)"
    }

    /// Scheme and host, for an error; nothing where they cannot be told from user info. The rest may hold secrets.
    private static func place(of url: String) -> String {
        guard !url.contains("@"), let parts = URLParts(url) else { return "" }
        return " (\(parts.scheme)://\(parts.host))"
    }
}
